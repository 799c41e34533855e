/*
 * hwrng_node.h - is this node the kernel's hardware RNG, and what is behind it?
 *
 * Known by its numbers, 10:183, whatever its name: never by a path, which a
 * link or a container may give to the kernel's own pool.
 */
#ifndef HOST_AGENT_HWRNG_NODE_H
#define HOST_AGENT_HWRNG_NODE_H

#include <sys/stat.h>

#define HWRNG_WHY_MAX  200
#define HWRNG_NAME_MAX 64

struct hwrng_node {
	int fd;		/* -1: closed */
	int current_fd; /* sysfs' rng_current */
};

/* 0, or -EINVAL with the reason: by the numbers of the node alone. */
int hwrng_node_judge(const struct stat *st, char why[static HWRNG_WHY_MAX]);

/*
 * 0; -ENODEV: it is not there, or nothing to read; another -errno: refused.
 * Both with why.  Opens nothing that was not judged before.
 */
int hwrng_node_open(struct hwrng_node *n, const char *path,
		    char why[static HWRNG_WHY_MAX]);
void hwrng_node_close(struct hwrng_node *n);

/*
 * What the kernel reads now, printable.  0, or -ENODEV ("none"), or -errno.
 * May wait for the kernel.
 */
int hwrng_node_current(const struct hwrng_node *n,
		       char name[static HWRNG_NAME_MAX]);

#endif /* HOST_AGENT_HWRNG_NODE_H */
