/*
 * inject.h - devices into running containers, and out of them
 *
 * A child enters the container's user and mount namespace and works there with
 * the rights of the container's root, with no program executed and nothing of
 * the host within reach but the one mount that it carries.  Names in the
 * container's /dev are looked up as place.h says.  What the container does to
 * keep it waiting (a FUSE /dev) costs the child its life, and the caller
 * LXC_INJECT_MS.
 * The container has to have its own root already: one that is still being
 * started has not, and is refused.  libc only: LXC's hook uses it.
 */
#ifndef LXC_INJECT_H
#define LXC_INJECT_H

#include <stdbool.h>
#include <sys/types.h>

#include "lxc/node.h"

#define LXC_INJECT_MS 700

/*
 * A container's init: pid is the process of the pidfd, as long as that lives.
 * The caller has seen to it that it is the container's.
 */
struct lxc_init {
	int pidfd;
	pid_t pid;
};

/* 0: it is alive; -ESRCH. */
int lxc_inject_alive(const struct lxc_init *init);

/*
 * Puts the node at /dev/name.  inside: owner and mode as the container has
 * them; host: as the host has them, of a pty that was given already.
 * 1; 0: it was there already; -EEXIST: something else is; -EBUSY: it has no
 * root of its own yet; -ETIMEDOUT; else -errno.  With why.
 */
int lxc_inject_node(const struct lxc_init *init, const char *name,
		    const struct lxc_node *node, const struct lxc_owner *host,
		    const struct lxc_owner *inside,
		    char why[static LXC_WHY_MAX]);

/* The same with a directory, open with O_PATH. */
int lxc_inject_directory(const struct lxc_init *init, const char *name, int fd,
			 char why[static LXC_WHY_MAX]);

/* 1; 0: there was none; -errno as above. */
int lxc_inject_remove(const struct lxc_init *init, const char *name,
		      bool directory, char why[static LXC_WHY_MAX]);

#endif /* LXC_INJECT_H */
