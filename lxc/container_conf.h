/*
 * container_conf.h - reads a container's configuration as LXC does
 *
 * Lines "lxc.KEY = VALUE"; comments, and what does not begin with "lxc.", mean
 * nothing.  A value may stand in quotes, and a carriage return at the end of a
 * line is no part of it (liblxc 5.0.2).
 */
#ifndef LXC_CONTAINER_CONF_H
#define LXC_CONTAINER_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* One item; pointers into the text, not terminated. */
struct container_item {
	unsigned int line; /* from 1 */
	size_t start, end; /* of the line in the text, with its line feed */
	const char *key;
	size_t key_len;
	const char *value;
	size_t value_len;
};

/* Where a reader is; zero at the beginning. */
struct container_place {
	size_t at;
	unsigned int line;
};

/* The next item of text; false: there is none. */
bool container_conf_next(const char *text, struct container_place *place,
			 struct container_item *item);

bool container_item_is(const struct container_item *item, const char *key);
bool container_item_has(const struct container_item *item, const char *value);

/* "lxc.cgroup.devices.allow", .deny: 1; lxc.cgroup2's: 2; else 0. */
int container_item_device_rule(const struct container_item *item);

#define CONTAINER_FILES_MAX 64 /* included in all */
#define CONTAINER_DEPTH_MAX 8

struct container_walk {
	/* called for each item that is no include of a file that is there */
	void (*item)(void *ctx, const char *file,
		     const struct container_item *item);
	/* an include of a file that is not there; LXC loads nothing then */
	void (*missing)(void *ctx, const char *file,
			const struct container_item *item);
	void *ctx;
	const char *skip; /* our folder, of which ours are not followed */
	unsigned int files;
	uid_t owner; /* of the configuration */
};

/*
 * text as LXC sees it, with what it includes.  file names text.  What is
 * relative is not followed: it depends on where lxc-start runs.
 */
void container_conf_walk(struct container_walk *w, const char *file,
			 const char *text);

/* What the whole of a configuration comes to. */
struct container_sum {
	bool rules[2]; /* device rules of v1, of v2 */
	bool idmapped;
	unsigned int uid, gid; /* of the host, that its root has */
	int hook_version;
};

/* skip as in struct container_walk. */
void container_conf_sum(const char *file, const char *text, const char *skip,
			struct container_sum *sum);

#endif /* LXC_CONTAINER_CONF_H */
