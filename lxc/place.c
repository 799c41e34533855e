#include "lxc/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define PTY_MAJOR_FIRST 136 /* Documentation/admin-guide/devices.txt */
#define PTY_MAJOR_LAST	143
#define ACM_MAJOR	166
#define MISC_MAJOR	10
#define HWRNG_MINOR	183
#define MOUNTS_MAX	8 /* on top of each other */

int lxc_place_open(int dir, const char *name, int flags)
{
	struct open_how how = {
		.flags = (__u64)(flags | O_CLOEXEC | O_NOFOLLOW),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

bool lxc_place_is_device(dev_t rdev)
{
	unsigned int n = major(rdev);

	return (n >= PTY_MAJOR_FIRST && n <= PTY_MAJOR_LAST) ||
	       n == ACM_MAJOR || rdev == makedev(MISC_MAJOR, HWRNG_MINOR);
}

static int look(int dir, const char *name, struct statx *st)
{
	int fd = lxc_place_open(dir, name, O_PATH), r = 0;

	if (fd < 0)
		return fd;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, st) < 0)
		r = -errno;
	close(fd);
	return r;
}

static bool is_mount(const struct statx *st)
{
	return st->stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

static dev_t rdev_of(const struct statx *st)
{
	return makedev(st->stx_rdev_major, st->stx_rdev_minor);
}

/* The node of a pty that was closed has no link any more. */
static bool is_wanted(const struct statx *st, const struct lxc_want *want)
{
	bool same = makedev(st->stx_dev_major, st->stx_dev_minor) ==
			    want->dev &&
		    st->stx_ino == want->ino;

	if (!is_mount(st) || st->stx_nlink == 0)
		return false;
	if (want->directory)
		return S_ISDIR(st->stx_mode) && same;
	if (!S_ISCHR(st->stx_mode) || rdev_of(st) != want->rdev)
		return false;
	if (want->same_file)
		return same;
	return st->stx_uid == want->uid && st->stx_gid == want->gid &&
	       (st->stx_mode & 07777) == want->mode;
}

/* A mount of a kind that we make. */
static bool is_our_mount(const struct statx *st, bool directory)
{
	if (directory)
		return S_ISDIR(st->stx_mode);
	return S_ISCHR(st->stx_mode) && lxc_place_is_device(rdev_of(st));
}

/* What we mount on: an empty file or directory. */
static int remove_target(int dir, const char *name, const struct statx *st,
			 bool directory)
{
	bool empty_file = S_ISREG(st->stx_mode) && st->stx_size == 0 &&
			  st->stx_nlink <= 1;

	if (directory ? !S_ISDIR(st->stx_mode) : !empty_file)
		return -EEXIST;
	if (unlinkat(dir, name, directory ? AT_REMOVEDIR : 0) == 0)
		return 1;
	return errno == ENOTEMPTY ? -EEXIST : -errno;
}

int lxc_place_remove(int dir, const char *name, bool directory)
{
	struct statx st;
	int i, r = 0;

	/* umount2() takes no descriptor */
	if (fchdir(dir) < 0)
		return -errno;
	for (i = 0; i < MOUNTS_MAX; i++) {
		r = look(dir, name, &st);
		if (r < 0)
			return r == -ENOENT ? i > 0 : r;
		if (!is_mount(&st))
			return remove_target(dir, name, &st, directory);
		if (!is_our_mount(&st, directory))
			return -EEXIST;
		if (umount2(name, UMOUNT_NOFOLLOW | MNT_DETACH) < 0)
			return -errno;
	}
	return -EEXIST;
}

/* An open target that was not there before, or -errno. */
static int make_target(int dir, const char *name, bool directory)
{
	int fd;

	if (directory) {
		if (mkdirat(dir, name, 0755) < 0)
			return -errno;
		return lxc_place_open(dir, name, O_PATH | O_DIRECTORY);
	}
	/* nobody's, until the device is on it */
	fd = openat(dir, name,
		    O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

static int mount_on(int target, int tree)
{
	int r = move_mount(tree, "", target, "",
			   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);

	return r < 0 ? -errno : 0;
}

int lxc_place_put(int dir, const char *name, const struct lxc_want *want,
		  int tree)
{
	struct statx st;
	int target, r = look(dir, name, &st);

	if (r == 0 && is_wanted(&st, want))
		return 0;
	r = lxc_place_remove(dir, name, want->directory);
	if (r < 0)
		return r;
	target = make_target(dir, name, want->directory);
	if (target < 0)
		return target;
	r = mount_on(target, tree);
	close(target);
	if (r == 0)
		r = look(dir, name, &st);
	if (r == 0 && is_wanted(&st, want))
		return 1;
	lxc_place_remove(dir, name, want->directory);
	return r < 0 ? r : -EIO;
}
