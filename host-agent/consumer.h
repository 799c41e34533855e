/*
 * consumer.h - who gets bytes: identity, limits, counters
 *
 * A plain record; the publisher that serves a consumer writes it, status reads
 * it.  Counters are over all connections since since_s, also those of processes
 * before this one (account.h), and stop at their maximum.  No entropy.
 */
#ifndef HOST_AGENT_CONSUMER_H
#define HOST_AGENT_CONSUMER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "host-agent/counts.h"
#include "host-agent/latency.h"
#include "host-agent/sched.h"
#include "host-agent/service.h"
#include "host-agent/wish.h"

#define CONSUMER_NAME_MAX 64  /* terminated */
#define CONSUMER_UUID_MAX 37  /* terminated */
#define CONSUMER_PATH_MAX 108 /* sun_path, terminated */

#define CONSUMER_BOOT_GAP_US 10000000 /* a container's, between two reserves */

enum consumer_kind {
	CONSUMER_DOMAIN,    /* a KVM domain: uuid is set */
	CONSUMER_HOST,	    /* the host's own kernel: uuid is empty */
	CONSUMER_CONTAINER, /* name is its ID, uuid is empty */
};

/* What a container gets as its device. */
enum consumer_device {
	CONSUMER_DEVICE_VIRTUAL,     /* a terminal that is like a OneRNG */
	CONSUMER_DEVICE_PLAIN,	     /* a terminal that gives bytes */
	CONSUMER_DEVICE_HWRNG,	     /* the kernel's node */
	CONSUMER_DEVICE_PASSTHROUGH, /* a OneRNG itself */
	CONSUMER_DEVICE_NONE,
};

struct handover_account;

struct consumer_peer {
	pid_t pid; /* as of connect(2); 0: nobody yet */
	uid_t uid;
	gid_t gid;
	uint64_t start; /* of the process, clock ticks since boot; 0 unknown */
};

/* How far a domain is, by what libvirt's hook or watcher told. */
enum consumer_phase {
	CONSUMER_UNKNOWN, /* nothing was told */
	CONSUMER_PREPARING,
	CONSUMER_STARTING,
	CONSUMER_RUNNING,
	CONSUMER_STOPPED,
};

/* What brought a domain up. */
enum consumer_origin {
	CONSUMER_ORIGIN_NONE,
	CONSUMER_ORIGIN_START,
	CONSUMER_ORIGIN_RESTORE,
	CONSUMER_ORIGIN_MIGRATE,
};

/* Of a domain; domains.c keeps it.  Some of it containers have, too. */
struct consumer_domain {
	enum consumer_phase phase;
	enum consumer_origin origin; /* of this generation */
	enum consumer_origin next;   /* told before the start */
	uint64_t generation; /* starts, restores, arrivals by migration */
	bool dynamic;	     /* its XML names our socket, we do not name it */
	bool boot_due;	     /* the next peer is a QEMU that newly started */
	struct consumer_peer counted; /* the QEMU of this generation; pid 0 */
	uint64_t untold_us; /* counted by its connection then; 0: by the hook */
	bool unsaved;	    /* counted changed since the record was written */
	uint64_t released_us; /* 0: it may be up */
	uint64_t told_us;     /* the hook last spoke of it; 0: never */
	uint64_t seen_us;     /* last sign of life, of a dynamic one */
	struct wish wish;     /* its metadata's */
	bool wished;	      /* some of it decides */
	uint64_t foreign;     /* connections: not its QEMU, or not in it */
	pid_t init;	      /* a container's first process; 0: not known */
	char name[CONSUMER_NAME_MAX]; /* libvirt's; "": not told */
};

struct consumer {
	enum consumer_kind kind;
	char name[CONSUMER_NAME_MAX];
	char uuid[CONSUMER_UUID_MAX];
	char path[CONSUMER_PATH_MAX];
	const char *no_socket; /* why it has none; NULL: it has */
	struct sched_limits limits;
	struct sched_entry *entry; /* for blocks of the pool */
	struct sched_entry *light; /* for what is made as it is given */
	struct service service;
	struct consumer_domain domain;
	uint64_t booted_us; /* last start that went ahead; 0: none */
	bool override; /* changed over the control socket since the last load */

	bool connected;
	struct consumer_peer peer; /* the present one, else the last */

	/* of the present connection, bytes */
	uint64_t owed;	/* asked for and not delivered */
	uint64_t ahead; /* delivered before being asked for */

	union {
		struct {
			COUNTS;
		};
		struct counts counts; /* all of them, to be kept */
	};
	struct handover_account *account; /* for the next process, or NULL */
	uint64_t drbgs;		/* made by changes of class, for their names */
	struct latency latency; /* request to its last byte */
};

/* "domain", "host" or "container". */
const char *consumer_kind_name(enum consumer_kind kind);

/* "virtual", "plain", ...; parsing: the value or -EINVAL. */
const char *consumer_device_name(enum consumer_device device);
int consumer_device_parse(const char *name);

/* "unknown", "preparing", ...; "none", "start", "restore", "migrate". */
const char *consumer_phase_name(enum consumer_phase phase);
const char *consumer_origin_name(enum consumer_origin origin);

/* Is b another process than a?  Also when a is nobody. */
bool consumer_peer_is_new(const struct consumer_peer *a,
			  const struct consumer_peer *b);

/*
 * May its start go ahead of everybody now?  A container's root may start it
 * over and over, so once in CONSUMER_BOOT_GAP_US; others always.
 */
bool consumer_may_boot(struct consumer *c, uint64_t now_us);

/* a + b, or UINT64_MAX: a peer chooses what is added. */
uint64_t consumer_add(uint64_t a, uint64_t b);

#endif /* HOST_AGENT_CONSUMER_H */
