/*
 * place.h - a device in a container's /dev
 *
 * Whoever is root in the container may have planted anything there, and change
 * it at any moment: no link is followed, a target is made by us (O_EXCL) and
 * mounted on by its descriptor, and only what looks like ours is taken away.
 * libc only: LXC's hook uses it.
 */
#ifndef LXC_PLACE_H
#define LXC_PLACE_H

#include <stdbool.h>
#include <sys/types.h>

/* What is to be there. */
struct lxc_want {
	bool directory;
	bool same_file; /* of dev and ino; else a node with owner and mode */
	dev_t dev, rdev;
	ino_t ino;
	uid_t uid; /* as the container has them */
	gid_t gid;
	mode_t mode;
};

/* openat() below dir that follows no link anywhere, with O_CLOEXEC.  -errno. */
int lxc_place_open(int dir, const char *name, int flags);

/*
 * Moves the detached mount tree to name in dir.  1; 0: the wanted one is there
 * already; -EEXIST: something is there that is not ours; else -errno, and
 * nothing is left behind.  Changes the working directory to dir.
 */
int lxc_place_put(int dir, const char *name, const struct lxc_want *want,
		  int tree);

/*
 * 1: taken away; 0: there was none; -EEXIST: it is not ours; else -errno.
 * Changes the working directory to dir.
 */
int lxc_place_remove(int dir, const char *name, bool directory);

/* Has it one of the numbers that OneRNGs come with? */
bool lxc_place_is_device(dev_t rdev);

#endif /* LXC_PLACE_H */
