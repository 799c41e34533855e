#include "host-agent/hostconf.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/health.h"
#include "common/opt.h"
#include "host-agent/hostconf_container.h"
#include "host-agent/hostconf_domain.h"
#include "host-agent/hostconf_priv.h"
#include "host-agent/hostconf_source.h"
#include "host-agent/pool.h"

#define DOMAIN_SECTION	  "domain "
#define DEVICE_SECTION	  "device "
#define HWRNG_SECTION	  "hwrng "
#define CONTAINER_SECTION "container "

/*
 * What the setters fill: cur is the section's consumer, NULL elsewhere; device
 * likewise.
 */
struct load {
	struct hostconf *conf;
	struct hostconf_consumer *cur;
	struct hostconf_device *device;
	struct hostconf_container *container;
	bool in_hwrng;
};

struct key {
	const char *section, *name;
	int (*set)(struct load *l, const char *value, char *why);
};

static int say(char *why, const char *text)
{
	snprintf(why, INI_WHY_MAX, "%s", text);
	return -EINVAL;
}

static int number(const char *value, unsigned long long min,
		  unsigned long long max, unsigned long long *out, char *why)
{
	int err = opt_u64(value, min, max, out);

	if (err)
		snprintf(why, INI_WHY_MAX, "not a number from %llu to %llu",
			 min, max);
	return err;
}

static int group(const char *value, gid_t *out, char *why)
{
	const struct group *g;

	*out = HOSTCONF_GID_NONE;
	if (!*value)
		return 0;
	g = getgrnam(value);
	if (!g)
		return say(why, "no such group");
	*out = g->gr_gid;
	return 0;
}

static int set_run_dir(struct load *l, const char *value, char *why)
{
	size_t len = strlen(value);

	if (value[0] != '/' || len < 2)
		return say(why, "not an absolute path");
	if (len >= HOSTCONF_RUN_DIR_MAX) {
		snprintf(why, INI_WHY_MAX,
			 "longer than %d bytes: a socket below it would not "
			 "fit an address",
			 HOSTCONF_RUN_DIR_MAX - 1);
		return -ENAMETOOLONG;
	}
	memcpy(l->conf->run_dir, value, len + 1);
	return 0;
}

static int set_state_dir(struct load *l, const char *value, char *why)
{
	return hostconf_path(value, l->conf->state_dir,
			     sizeof(l->conf->state_dir), why);
}

static int set_socket_group(struct load *l, const char *value, char *why)
{
	return group(value, &l->conf->socket_gid, why);
}

static int set_control_group(struct load *l, const char *value, char *why)
{
	return group(value, &l->conf->control_gid, why);
}

static int set_pool(struct load *l, const char *value, char *why)
{
	unsigned long long n;

	if (number(value, HOSTCONF_POOL_MIN, HOSTCONF_POOL_MAX, &n, why))
		return -EINVAL;
	if (n % POOL_BLOCK)
		return say(why, "not a multiple of 64");
	l->conf->pool_bytes = (size_t)n;
	return 0;
}

static int set_idle_pause(struct load *l, const char *value, char *why)
{
	unsigned long long n;

	if (number(value, 0, HOSTCONF_IDLE_MAX, &n, why))
		return -EINVAL;
	l->conf->idle_pause_s = (unsigned int)n;
	return 0;
}

static int set_log_level(struct load *l, const char *value, char *why)
{
	int level = log_level_parse(value);

	if (level < 0)
		return say(why, "not err, warn, info or debug");
	l->conf->log_level = (enum log_level)level;
	return 0;
}

static int set_sandbox(struct load *l, const char *value, char *why)
{
	int mode = sandbox_mode_parse(value);

	if (mode < 0)
		return say(why, "not errno, kill or off");
	l->conf->sandbox = (enum sandbox_mode)mode;
	return 0;
}

static int set_check_peer(struct load *l, const char *value, char *why)
{
	int check = qemu_peer_check_parse(value);

	if (check < 0)
		return say(why, "not yes, warn or no");
	l->conf->check_peer = (enum qemu_peer_check)check;
	return 0;
}

static int set_min_entropy(struct load *l, const char *value, char *why)
{
	return hostconf_h_byte(value, &l->conf->h_byte_millibits, why);
}

static int set_bit_min_entropy(struct load *l, const char *value, char *why)
{
	return hostconf_h_bit(value, &l->conf->h_bit_millibits, why);
}

static int set_device_port(struct load *l, const char *value, char *why)
{
	return hostconf_set_port(l->conf, l->device, value, why);
}

static int set_hwrng_path(struct load *l, const char *value, char *why)
{
	return hostconf_path(value, l->conf->hwrng.path,
			     sizeof(l->conf->hwrng.path), why);
}

static int set_hwrng_h(struct load *l, const char *value, char *why)
{
	return hostconf_h_byte(value, &l->conf->hwrng.h_byte_millibits, why);
}

static int set_hwrng_bit_h(struct load *l, const char *value, char *why)
{
	return hostconf_h_bit(value, &l->conf->hwrng.h_bit_millibits, why);
}

static int set_port(struct load *l, const char *value, char *why)
{
	struct hostconf *c = l->conf;

	if (!strcmp(value, "any")) {
		c->ports_count = 0;
		return 0;
	}
	if (strlen(value) >= RAWMSG_PORT_MAX || !rawmsg_port_valid(value))
		return say(why, "not any or BUS-PORT[.PORT...]");
	if (c->ports_count == HOSTCONF_PORTS_MAX)
		return say(why, "more than 16 ports");
	snprintf(c->ports[c->ports_count++], RAWMSG_PORT_MAX, "%s", value);
	return 0;
}

static int set_firmware(struct load *l, const char *value, char *why)
{
	int policy = firmware_policy_parse(value);

	if (policy < 0)
		return say(why, "not require, warn or off");
	l->conf->firmware.policy = (enum firmware_policy)policy;
	return 0;
}

static int set_firmware_keyring(struct load *l, const char *value, char *why)
{
	struct firmware_conf *f = &l->conf->firmware;

	return hostconf_path(value, f->keyring, sizeof(f->keyring), why);
}

static int set_firmware_key(struct load *l, const char *value, char *why)
{
	switch (pin_add(&l->conf->firmware.pins, value)) {
	case 0:
		return 0;
	case -ENOSPC:
		return say(why, "more than 16 fingerprints");
	}
	return say(why, "not a fingerprint of 40 hex digits");
}

static int set_rate(struct load *l, const char *value, char *why)
{
	unsigned long long n;

	if (number(value, 0, HOSTCONF_RATE_MAX, &n, why))
		return -EINVAL;
	l->cur->limits.rate_bytes = n;
	l->cur->has_rate = true;
	return 0;
}

static int set_burst(struct load *l, const char *value, char *why)
{
	unsigned long long n;

	if (number(value, 0, HOSTCONF_BURST_MAX, &n, why))
		return -EINVAL;
	l->cur->limits.burst_bytes = n;
	l->cur->has_burst = true;
	return 0;
}

static int set_weight(struct load *l, const char *value, char *why)
{
	unsigned long long n;

	if (number(value, 1, SCHED_WEIGHT_MAX, &n, why))
		return -EINVAL;
	l->cur->limits.weight = (unsigned int)n;
	l->cur->has_weight = true;
	return 0;
}

static int set_class(struct load *l, const char *value, char *why)
{
	int class = service_class_parse(value);

	if (class < 0)
		return say(why, "not raw, drbg or seed");
	l->cur->policy.class = (enum service_class) class;
	l->cur->has_class = true;
	return 0;
}

static int set_when_absent(struct load *l, const char *value, char *why)
{
	int policy = service_absent_parse(value);

	if (policy < 0)
		return say(why, "not hold, kernel or refuse");
	l->cur->policy.when_absent = (enum service_absent)policy;
	l->cur->has_absent = true;
	return 0;
}

static int set_enabled(struct load *l, const char *value, char *why)
{
	if (strcmp(value, "yes") && strcmp(value, "no"))
		return say(why, "not yes or no");
	l->conf->host_enabled = !strcmp(value, "yes");
	return 0;
}

static int set_uuid(struct load *l, const char *value, char *why)
{
	return hostconf_set_uuid(l->conf, l->cur, value, why);
}

static int set_device_kind(struct load *l, const char *value, char *why)
{
	return hostconf_set_kind(l->container, value, why);
}

static int set_container_port(struct load *l, const char *value, char *why)
{
	return hostconf_set_container_port(l->container, value, why);
}

static int set_container_socket(struct load *l, const char *value, char *why)
{
	return hostconf_set_container_socket(l->container, value, why);
}

static const struct key keys[] = {
	{ "agent", "run_dir", set_run_dir },
	{ "agent", "state_dir", set_state_dir },
	{ "agent", "socket_group", set_socket_group },
	{ "agent", "control_group", set_control_group },
	{ "agent", "pool", set_pool },
	{ "agent", "idle_pause", set_idle_pause },
	{ "agent", "log_level", set_log_level },
	{ "agent", "sandbox", set_sandbox },
	{ "agent", "check_peer", set_check_peer },
	{ "source", "min_entropy", set_min_entropy },
	{ "source", "bit_min_entropy", set_bit_min_entropy },
	{ "source", "port", set_port },
	{ "source", "firmware", set_firmware },
	{ "source", "firmware_keyring", set_firmware_keyring },
	{ "source", "firmware_key", set_firmware_key },
	{ "device", "port", set_device_port },
	{ "hwrng", "path", set_hwrng_path },
	{ "hwrng", "min_entropy", set_hwrng_h },
	{ "hwrng", "bit_min_entropy", set_hwrng_bit_h },
	{ "consumers", "rate", set_rate },
	{ "consumers", "burst", set_burst },
	{ "consumers", "weight", set_weight },
	{ "consumers", "class", set_class },
	{ "consumers", "when_absent", set_when_absent },
	{ "host", "enabled", set_enabled },
	{ "host", "rate", set_rate },
	{ "host", "burst", set_burst },
	{ "host", "weight", set_weight },
	{ "host", "class", set_class },
	{ "host", "when_absent", set_when_absent },
	{ "domain", "uuid", set_uuid },
	{ "domain", "rate", set_rate },
	{ "domain", "burst", set_burst },
	{ "domain", "weight", set_weight },
	{ "domain", "class", set_class },
	{ "domain", "when_absent", set_when_absent },
	{ "container", "device", set_device_kind },
	{ "container", "port", set_container_port },
	{ "container", "socket", set_container_socket },
	{ "container", "rate", set_rate },
	{ "container", "burst", set_burst },
	{ "container", "weight", set_weight },
	{ "container", "class", set_class },
	{ "container", "when_absent", set_when_absent },
};

/* "[domain NAME]": it has to have a name of its own. */
static bool section_needs_name(const char *section)
{
	static const char *const named[] = { "domain", "device", "hwrng",
					     "container" };
	size_t i;

	for (i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (!strcmp(named[i], section))
			return true;
	return false;
}

static bool section_known(const char *section)
{
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcmp(keys[i].section, section))
			return true;
	return false;
}

static int open_container(struct load *l, const char *id, char *why)
{
	int r = hostconf_open_container(l->conf, id, &l->container, why);

	if (r == 0)
		l->cur = &l->container->consumer;
	return r;
}

static int open_section(struct load *l, const char *section, char *why)
{
	l->cur = NULL;
	l->device = NULL;
	l->container = NULL;
	l->in_hwrng = false;
	if (!strncmp(section, DOMAIN_SECTION, strlen(DOMAIN_SECTION)))
		return hostconf_open_domain(l->conf,
					    section + strlen(DOMAIN_SECTION),
					    &l->cur, why);
	if (!strncmp(section, CONTAINER_SECTION, strlen(CONTAINER_SECTION)))
		return open_container(l, section + strlen(CONTAINER_SECTION),
				      why);
	if (!strncmp(section, DEVICE_SECTION, strlen(DEVICE_SECTION)))
		return hostconf_open_device(l->conf,
					    section + strlen(DEVICE_SECTION),
					    &l->device, why);
	if (!strncmp(section, HWRNG_SECTION, strlen(HWRNG_SECTION))) {
		l->in_hwrng = true;
		return hostconf_open_hwrng(
			l->conf, section + strlen(HWRNG_SECTION), why);
	}
	if (section_needs_name(section)) {
		snprintf(why, INI_WHY_MAX, "[%s] has no name: [%s NAME]",
			 section, section);
		return -EINVAL;
	}
	if (!section_known(section)) {
		snprintf(why, INI_WHY_MAX, "unknown section [%.64s]", section);
		return -EINVAL;
	}
	return 0;
}

/* What is wrong with a value is said with its key. */
static int set_value(const struct key *key, struct load *l, const char *value,
		     char *why)
{
	char text[INI_WHY_MAX] = "";
	int r = key->set(l, value, text);

	if (r < 0)
		snprintf(why, INI_WHY_MAX, "%.24s: %.224s", key->name,
			 text[0] ? text : strerror(-r));
	return r;
}

static int set_key(void *ctx, const char *section, const char *key,
		   const char *value, char *why)
{
	struct hostconf_consumer defaults = { .has_rate = false };
	struct load *l = ctx;
	const char *kind = section;
	size_t i;
	int err;

	if (!key)
		return open_section(l, section, why);
	if (l->cur)
		kind = l->container ? "container" : "domain";
	else if (l->device || l->in_hwrng)
		kind = l->device ? "device" : "hwrng";
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcmp(keys[i].section, kind) &&
		    !strcmp(keys[i].name, key))
			break;
	if (i == sizeof(keys) / sizeof(keys[0])) {
		snprintf(why, INI_WHY_MAX, "unknown key '%.64s' in [%.64s]",
			 key, section);
		return -EINVAL;
	}
	if (strcmp(kind, "consumers") && strcmp(kind, "host"))
		return set_value(&keys[i], l, value, why);
	defaults.limits = l->conf->defaults;
	defaults.policy = l->conf->default_policy;
	l->cur = strcmp(kind, "host") ? &defaults : &l->conf->host;
	err = set_value(&keys[i], l, value, why);
	l->conf->defaults = defaults.limits;
	l->conf->default_policy = defaults.policy;
	l->cur = NULL;
	return err;
}

static void resolve(const struct hostconf *conf, struct hostconf_consumer *c)
{
	const struct sched_limits *defaults = &conf->defaults;

	if (!c->has_class)
		c->policy.class = conf->default_policy.class;
	if (!c->has_absent)
		c->policy.when_absent = conf->default_policy.when_absent;
	if (!c->has_rate)
		c->limits.rate_bytes = defaults->rate_bytes;
	if (!c->has_burst)
		c->limits.burst_bytes = defaults->burst_bytes;
	if (!c->has_weight)
		c->limits.weight = defaults->weight;
}

int hostconf_finish(struct hostconf *c, const char *path, char *err,
		    size_t err_size)
{
	size_t i;

	resolve(c, &c->host);
	if (!c->firmware.pins.count)
		pin_add_vendor(&c->firmware.pins);
	for (i = 0; i < c->domains_count; i++) {
		if (!c->domains[i].uuid[0]) {
			snprintf(err, err_size, "%s: [domain %s] has no uuid",
				 path, c->domains[i].name);
			return -EINVAL;
		}
		resolve(c, &c->domains[i]);
	}
	for (i = 0; i < c->containers_count; i++)
		resolve(c, &c->containers[i].consumer);
	if (hostconf_check_containers(c, path, err, err_size) < 0)
		return -EINVAL;
	return hostconf_check_sources(c, path, err, err_size);
}

static void set_defaults(struct hostconf *c)
{
	snprintf(c->run_dir, sizeof(c->run_dir), "/run/onerng");
	snprintf(c->state_dir, sizeof(c->state_dir), "/var/lib/onerng");
	c->socket_gid = HOSTCONF_GID_NONE;
	c->control_gid = HOSTCONF_GID_NONE;
	c->pool_bytes = HOSTCONF_POOL_DEFAULT;
	c->idle_pause_s = 10;
	c->log_level = LOG_LEVEL_INFO;
	c->sandbox = SANDBOX_ERRNO;
	c->h_byte_millibits = HEALTH_H_BYTE_DEFAULT;
	c->h_bit_millibits = HEALTH_H_BIT_DEFAULT;
	snprintf(c->firmware.keyring, sizeof(c->firmware.keyring), "%s",
		 FIRMWARE_KEYRING);
	c->defaults.weight = 1;
	c->host_enabled = true;
	snprintf(c->host.name, sizeof(c->host.name), "host");
}

struct hostconf *hostconf_new(void)
{
	struct hostconf *c = calloc(1, sizeof(*c));

	if (c)
		set_defaults(c);
	return c;
}

int hostconf_read(struct hostconf *c, const char *path, char *err,
		  size_t err_size)
{
	struct load l = { .conf = c };

	return ini_load_file(path, set_key, &l, err, err_size);
}

int hostconf_read_text(struct hostconf *c, const struct hostconf_file *f,
		       char *err, size_t err_size)
{
	struct load l = { .conf = c };
	struct ini_text text = { f->path, f->text, f->size };

	return ini_load_text(&text, set_key, &l, err, err_size);
}

void hostconf_free(struct hostconf *c)
{
	if (!c)
		return;
	free(c->domains);
	free(c->containers);
	hostconf_free_files(c);
	free(c);
}

bool hostconf_port_allowed(const struct hostconf *c, const char *port)
{
	size_t i;

	for (i = 0; i < c->ports_count; i++)
		if (!strcmp(c->ports[i], port))
			return true;
	return c->ports_count == 0;
}
