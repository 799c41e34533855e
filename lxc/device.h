/*
 * device.h - a container gets its device, as root's words and the agent's
 * facts say
 *
 * What LXC's hook and onerngctl do alike.  libc only: LXC's hook uses it.
 */
#ifndef LXC_DEVICE_H
#define LXC_DEVICE_H

#include "lxc/inject.h"
#include "lxc/words.h"

#define LXC_DIRECTORY "onerng.d" /* of the socket, in the container's /dev */

/*
 * The node that w means, looked at as node.h says.  Without a device among the
 * words it is what the facts say, if virtual or plain, and put into w.
 */
int lxc_device_open(struct lxc_words *w, struct lxc_node *n,
		    char why[static LXC_WHY_MAX]);

/*
 * Device, under all its names, and the socket's directory into the running
 * container: what is there already stays, what is stale is replaced, and where
 * there is no device to be had, an old one is taken away.  1: something was
 * put there; 0; -ENOENT: there is no device at the moment; else -errno with
 * why, of the first that failed.
 */
int lxc_device_into(struct lxc_words *w, const struct lxc_init *init,
		    char why[static LXC_WHY_MAX]);

/*
 * Takes all of it out again.  1; 0: there was nothing, or something that is not
 * ours, which stays; -errno with why.
 */
int lxc_device_out(const struct lxc_words *w, const struct lxc_init *init,
		   char why[static LXC_WHY_MAX]);

/* The same of the device alone. */
int lxc_device_out_node(const struct lxc_words *w, const struct lxc_init *init,
			char why[static LXC_WHY_MAX]);

/*
 * From an autodev hook: into the /dev below root, which is LXC_ROOTFS_MOUNT.
 * Only a pty, and only where ids are the host's; else nothing is done and 0
 * returned, for LXC's start-host comes with more rights and sees the owner.
 */
int lxc_device_here(struct lxc_words *w, const char *root,
		    char why[static LXC_WHY_MAX]);

#endif /* LXC_DEVICE_H */
