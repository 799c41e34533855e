/*
 * container_snippet.h - what is included into a container's configuration
 *
 * DIR/ID.d/onerng.conf: device rules, the mount of the container's folder and
 * guarded hook lines.  It is written as a whole from a struct, and read back.
 *
 * Nothing in it denies, and no rule lets the container make nodes.  A rule is
 * written only for a family (v1, v2) of which the container has others: alone,
 * an allowing rule of v2 forbids all other devices, /dev/null included.
 */
#ifndef LXC_CONTAINER_SNIPPET_H
#define LXC_CONTAINER_SNIPPET_H

#include <stdbool.h>

#include "lxc/container_id.h"

#define CONTAINER_SNIPPET_FILE "onerng.conf"
#define CONTAINER_NAMES_MAX    4
#define CONTAINER_NAME_MAX     32  /* of a device, terminated */
#define CONTAINER_PLACE_MAX    64  /* of a port or a node */
#define CONTAINER_DIR_MAX      128 /* of a folder of ours */
#define CONTAINER_CONFIG_MAX   1024
#define CONTAINER_RUN_DIR      "/run/onerng" /* if nothing else is said */

enum container_device {
	CONTAINER_VIRTUAL, /* the default */
	CONTAINER_PLAIN,
	CONTAINER_HWRNG,
	CONTAINER_PASSTHROUGH,
};

struct container_snippet {
	char id[CONTAINER_ID_MAX];
	char config[CONTAINER_CONFIG_MAX]; /* whose it is: an absolute path */
	enum container_device device;
	/* passed through: a port, a path in /dev, or empty: the only one */
	char place[CONTAINER_PLACE_MAX];
	/* passed through: its number, where there is one now */
	bool has_number;
	unsigned int major, minor;
	char name[CONTAINER_NAMES_MAX][CONTAINER_NAME_MAX]; /* in its /dev */
	unsigned int names;
	unsigned int owner, group, mode; /* as the container sees them */
	bool require, socket;
	bool rules[2]; /* of v1, of v2 */
	char run_dir[CONTAINER_DIR_MAX], hook_dir[CONTAINER_DIR_MAX];
};

/* The defaults; id, config and folders are still to be filled in. */
void container_snippet_init(struct container_snippet *s);

/*
 * One value by the name of its option: "device", "name" (one more), "owner",
 * "group", "mode", "require", "socket".  0; -EINVAL with *why, static text.
 */
int container_snippet_set(struct container_snippet *s, const char *option,
			  const char *value, const char **why);

/* To be freed; NULL. */
char *container_snippet_text(const struct container_snippet *s);

/*
 * What container_snippet_text() made, or an older one of it: rules count by
 * what is there.  0; -EINVAL: it is not to be understood.
 */
int container_snippet_parse(const char *text, struct container_snippet *s);

/* "virtual", "plain", "hwrng", "passthrough". */
const char *container_device_name(enum container_device device);

/* "c 136:* rw": no more than that; empty: passed through, nothing there. */
void container_device_rule(const struct container_snippet *s,
			   char out[static 32]);

#endif /* LXC_CONTAINER_SNIPPET_H */
