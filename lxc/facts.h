/*
 * facts.h - what the host agent publishes of a container, as root reads it
 *
 * RUN_DIR/lxc/ID.facts holds lines "key=value".  The agent has no right that
 * matters and root acts on this file, so it is read like a stranger's: it says
 * which node the agent means, and lxc/node.h looks whether it may be given.
 * libc only: LXC's hook uses it.
 */
#ifndef LXC_FACTS_H
#define LXC_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define LXC_ID_MAX    64   /* terminated */
#define LXC_FACTS_MAX 4096 /* bytes of the file */
#define LXC_PATH_MAX  128  /* of a node, terminated */

enum lxc_device {
	LXC_DEVICE_NONE,
	LXC_DEVICE_VIRTUAL,
	LXC_DEVICE_PLAIN,
	LXC_DEVICE_HWRNG,
	LXC_DEVICE_PASSTHROUGH
};

struct lxc_facts {
	enum lxc_device device;
	char node[LXC_PATH_MAX]; /* "": there is none at the moment */
	unsigned int major, minor;
	char state[32]; /* the agent's, "" if not said */
	uid_t owner;	/* who wrote it; of lxc_facts_read() */
};

/* [A-Za-z0-9_.-]{1,63}, and no "." or "-" first. */
bool lxc_id_valid(const char *id);

/* A word to an enum lxc_device, or -EINVAL; and back. */
int lxc_device_parse(const char *word, size_t len);
const char *lxc_device_name(enum lxc_device device);

/*
 * 0; -EINVAL: malformed, of another version, or a key twice.  Keys that are
 * not known are stepped over.  The owner is left alone.
 */
int lxc_facts_parse(struct lxc_facts *out, const char *text, size_t len);

/*
 * Reads RUN_DIR/lxc/ID.facts.  0; -ENOENT: there is none; -EPERM: somebody
 * else than the owner of the directory wrote it; else -errno, -EINVAL as
 * above.  Follows no link below run_dir and never waits.
 */
int lxc_facts_read(struct lxc_facts *out, const char *run_dir, const char *id);

/*
 * Opens RUN_DIR/lxc/ID, which is to be bound into the container: O_PATH, or
 * -errno; -EPERM as above.
 */
int lxc_facts_directory(const char *run_dir, const char *id);

#endif /* LXC_FACTS_H */
