/*
 * hostconf.h - the configuration of onerng-hostd
 *
 * A new struct is filled completely, drop-ins included, before anything that
 * runs changes: a file that does not parse changes nothing.
 */
#ifndef HOST_AGENT_HOSTCONF_H
#define HOST_AGENT_HOSTCONF_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/ini.h"
#include "common/log.h"
#include "common/sandbox.h"
#include "host-agent/baselines.h"
#include "host-agent/consumer.h"
#include "host-agent/device_firmware.h"
#include "host-agent/label.h"
#include "host-agent/qemu_peer.h"
#include "host-agent/rawmsg.h"
#include "host-agent/sched.h"

#define HOSTCONF_FILE		ONERNG_SYSCONFDIR "/onerng/hostd.conf"
#define HOSTCONF_DOMAINS_MAX	4096
#define HOSTCONF_CONTAINERS_MAX 1024
#define HOSTCONF_PORTS_MAX	16
#define HOSTCONF_POOL_MIN	4096
#define HOSTCONF_POOL_MAX	16777216
#define HOSTCONF_POOL_DEFAULT	65536
#define HOSTCONF_RATE_MAX	1000000000 /* bytes a second */
#define HOSTCONF_BURST_MAX	1073741824 /* bytes */
#define HOSTCONF_IDLE_MAX	86400	   /* seconds */
/* RUN_DIR/kvm/UUID.sock has to fit sun_path */
#define HOSTCONF_RUN_DIR_MAX 62 /* terminated */
#define HOSTCONF_GID_NONE    ((gid_t)-1)
#define HOSTCONF_HWRNG	     "/dev/hwrng"
/* What is behind a hwrng is unknown and cannot be measured: little is said. */
#define HOSTCONF_HWRNG_H_BYTE 1000

struct hostconf_consumer {
	char name[CONSUMER_NAME_MAX];
	char uuid[CONSUMER_UUID_MAX];
	struct sched_limits limits;
	struct service_policy policy;
	bool has_rate, has_burst, has_weight; /* else [consumers] decides */
	bool has_class, has_absent;
};

struct hostconf_container {
	struct hostconf_consumer consumer; /* its name is the container's ID */
	enum consumer_device device;
	char port[RAWMSG_PORT_MAX]; /* passthrough; "": the first OneRNG */
	bool socket;
};

struct hostconf_device {
	char label[LABEL_MAX];
	char port[RAWMSG_PORT_MAX];
};

/* The kernel's source, of which there is one. */
struct hostconf_hwrng {
	char label[LABEL_MAX]; /* empty: not used */
	char path[LABEL_PLACE_MAX];
	unsigned int h_byte_millibits, h_bit_millibits;
};

struct hostconf {
	char run_dir[HOSTCONF_RUN_DIR_MAX];
	char state_dir[BASELINES_DIR_MAX];
	gid_t socket_gid, control_gid; /* HOSTCONF_GID_NONE: leave it alone */
	size_t pool_bytes;
	unsigned int idle_pause_s; /* 0: never pause */
	enum log_level log_level;
	enum sandbox_mode sandbox;
	enum qemu_peer_check check_peer;
	unsigned int h_byte_millibits, h_bit_millibits;
	char ports[HOSTCONF_PORTS_MAX][RAWMSG_PORT_MAX];
	size_t ports_count; /* 0: any */
	struct hostconf_device devices[HOSTCONF_PORTS_MAX];
	size_t devices_count;
	struct hostconf_hwrng hwrng;
	struct firmware_conf firmware;
	struct sched_limits defaults;
	struct service_policy default_policy;
	struct hostconf_consumer host;
	bool host_enabled;
	struct hostconf_consumer *domains;
	size_t domains_count;
	struct hostconf_container *containers;
	size_t containers_count;
	/* hostconf_files.h */
	struct hostconf_file *files; /* drop-ins, in their order */
	size_t files_count;
	struct hostconf_fault *faults; /* those of them that are wrong */
	size_t faults_count;
};

/*
 * Reads path and its drop-ins, without a fault.  0, or -errno with err
 * describing what is wrong and where (INI_WHY_MAX bytes or more).
 */
int hostconf_load(const char *path, struct hostconf **out, char *err,
		  size_t err_size);
void hostconf_free(struct hostconf *c); /* NULL is fine */

/* May the device at this port path be used? */
bool hostconf_port_allowed(const struct hostconf *c, const char *port);

/* What the operator calls the device at this port path, or NULL. */
const char *hostconf_label(const struct hostconf *c, const char *port);

#endif /* HOST_AGENT_HOSTCONF_H */
