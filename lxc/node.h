/*
 * node.h - a device of the host that a container is given
 *
 * The agent's facts name a node; a container must not get what the agent does
 * not own, be it wrong, old or taken over.  A pty has to be the agent's own, or
 * be given to this very container already; a OneRNG's tty has to be one by
 * what the kernel says of its USB device.  A pty's node cannot be made anew
 * (devpts), so that one is bound; of other devices a container gets a node of
 * its own, and the host's keeps its owner and mode.
 * libc only: LXC's hook uses it.
 */
#ifndef LXC_NODE_H
#define LXC_NODE_H

#include <stdbool.h>
#include <sys/types.h>

#include "lxc/facts.h"
#include "lxc/place.h"

#define LXC_WHY_MAX 256
#define LXC_SYS	    "/sys"

/* On the host: the owner and mode that the container's node is to have. */
struct lxc_owner {
	uid_t uid;
	gid_t gid;
	mode_t mode;
};

struct lxc_node {
	int fd; /* O_PATH of the host's node, -1: none */
	dev_t dev, rdev;
	ino_t ino;
	bool pty;
	uid_t agent; /* whose pty it has to be, unless root named it */
	bool named;  /* by root */
};

/*
 * device is what root configured.  path: the node that root named for
 * passthrough, NULL if none; facts may be empty where they are not needed (see
 * lxc_node_needs_facts()).  sys is LXC_SYS but in tests.  0; -ENOENT: there is
 * none at the moment; -EPERM: what the facts name may not be given; else
 * -errno.  With why.  Ended by lxc_node_close().
 */
int lxc_node_open(struct lxc_node *n, enum lxc_device device, const char *path,
		  const struct lxc_facts *facts, const char *sys,
		  char why[static LXC_WHY_MAX]);
void lxc_node_close(struct lxc_node *n);

bool lxc_node_needs_facts(enum lxc_device device, const char *path);

/*
 * Gives a pty to its container: owner and mode, as the host has them.  Nothing
 * to be done for other devices.  0, -EPERM or -errno with why.
 */
int lxc_node_give(const struct lxc_node *n, const struct lxc_owner *owner,
		  char why[static LXC_WHY_MAX]);

/*
 * Takes a pty back for the agent, so that it can be given to somebody else.
 * was: whom it was given to.  Nothing to be done for other devices.  0; -EPERM:
 * it is neither's and stays as it is; else -errno.
 */
int lxc_node_take_back(const struct lxc_node *n, const struct lxc_owner *was);

/*
 * A detached mount of it for the container: private, read-only (which keeps
 * its owner and mode as they are, not from being written to), no set-id, not
 * executable.  For what is no pty, the caller has to be in a mount namespace
 * of its own, which it is to throw away.  A descriptor or -errno.
 */
int lxc_node_tree(const struct lxc_node *n, const struct lxc_owner *owner);

/* The same of a directory, without devices. */
int lxc_node_directory(int fd);

#endif /* LXC_NODE_H */
