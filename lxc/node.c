#include "lxc/node.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/textfile.h"

#define PTS	      "/dev/pts/"
#define ACM	      "/dev/ttyACM"
#define HWRNG	      "/dev/hwrng"
#define HWRNG_RDEV    makedev(10, 183)
#define ACM_MAJOR     166
#define USB_VENDOR    "1d50\n"
#define USB_PRODUCT   "6086\n"
#define DIGITS_MAX    7
#define PRIVATE_FS    "tmpfs"
#define PRIVATE_PLACE "/proc" /* covered in a namespace of our own */
#define PRIVATE_NAME  "node"

__attribute__((format(printf, 3, 4))) static int
fail(int err, char why[static LXC_WHY_MAX], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, LXC_WHY_MAX, format, args);
	va_end(args);
	return err;
}

static bool is_pty(dev_t rdev)
{
	return major(rdev) >= 136 && major(rdev) <= 143;
}

/* Is it stem and a number? */
static bool is_numbered(const char *path, const char *stem)
{
	size_t len = strlen(stem), digits;

	if (strncmp(path, stem, len) != 0)
		return false;
	digits = strspn(path + len, "0123456789");
	return digits > 0 && digits <= DIGITS_MAX && !path[len + digits];
}

static bool file_holds(const char *path, const char *text)
{
	char got[16];

	textfile_read(path, got, sizeof(got));
	return !strcmp(got, text);
}

/* The tty's device is the USB interface, in its device's folder. */
static bool is_onerng(const char *sys, dev_t rdev)
{
	char path[256];
	int n = snprintf(path, sizeof(path), "%s/dev/char/%u:%u/device/../",
			 sys, major(rdev), minor(rdev));

	if (n >= (int)sizeof(path) - 16)
		return false;
	snprintf(path + n, sizeof(path) - (size_t)n, "idVendor");
	if (!file_holds(path, USB_VENDOR))
		return false;
	snprintf(path + n, sizeof(path) - (size_t)n, "idProduct");
	return file_holds(path, USB_PRODUCT);
}

bool lxc_node_needs_facts(enum lxc_device device, const char *path)
{
	return device == LXC_DEVICE_VIRTUAL || device == LXC_DEVICE_PLAIN ||
	       (device == LXC_DEVICE_PASSTHROUGH && !path);
}

/* The path that the device has to be at; NULL with an error in *r. */
static const char *path_of(enum lxc_device device, const char *path,
			   const struct lxc_facts *facts, int *r,
			   char why[static LXC_WHY_MAX])
{
	const char *stem = device == LXC_DEVICE_PASSTHROUGH ? ACM : PTS;

	if (device == LXC_DEVICE_HWRNG)
		return HWRNG;
	if (!lxc_node_needs_facts(device, path))
		return path;
	if (facts->device != device)
		*r = fail(-EPERM, why, "the agent has %s for it, not %s",
			  lxc_device_name(facts->device),
			  lxc_device_name(device));
	else if (!facts->node[0])
		*r = fail(-ENOENT, why, "the agent has no device for it (%s)",
			  facts->state[0] ? facts->state : "no state");
	else if (!is_numbered(facts->node, stem))
		*r = fail(-EPERM, why, "%s is no node of that kind",
			  facts->node);
	else
		return facts->node;
	return NULL;
}

static int check_numbers(const struct lxc_node *n, enum lxc_device device,
			 const struct lxc_facts *facts, const char *sys,
			 char why[static LXC_WHY_MAX])
{
	if (device == LXC_DEVICE_HWRNG && n->rdev != HWRNG_RDEV)
		return fail(-EPERM, why, HWRNG " is another device");
	if (n->named || device == LXC_DEVICE_HWRNG)
		return 0;
	if (n->rdev != makedev(facts->major, facts->minor))
		return fail(-EPERM, why, "%s has other numbers than said",
			    facts->node);
	if (device == LXC_DEVICE_PASSTHROUGH &&
	    (major(n->rdev) != ACM_MAJOR || !is_onerng(sys, n->rdev)))
		return fail(-EPERM, why, "%s is no OneRNG", facts->node);
	if (device != LXC_DEVICE_PASSTHROUGH && !n->pty)
		return fail(-EPERM, why, "%s is no pty", facts->node);
	return 0;
}

int lxc_node_open(struct lxc_node *n, enum lxc_device device, const char *path,
		  const struct lxc_facts *facts, const char *sys,
		  char why[static LXC_WHY_MAX])
{
	const char *from;
	struct stat st;
	int r = 0;

	*n = (struct lxc_node){ .fd = -1 };
	n->named = device == LXC_DEVICE_PASSTHROUGH && path;
	n->agent = facts->owner;
	from = path_of(device, path, facts, &r, why);
	if (!from)
		return r;
	n->fd = open(from, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (n->fd < 0 || fstat(n->fd, &st) < 0) {
		r = fail(-errno, why, "%s: %s", from, strerror(errno));
	} else if (!S_ISCHR(st.st_mode)) {
		r = fail(-EPERM, why, "%s is no character device", from);
	} else {
		n->dev = st.st_dev;
		n->ino = st.st_ino;
		n->rdev = st.st_rdev;
		n->pty = is_pty(st.st_rdev);
		r = check_numbers(n, device, facts, sys, why);
	}
	if (r < 0)
		lxc_node_close(n);
	return r;
}

void lxc_node_close(struct lxc_node *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}

/*
 * The terminal of somebody who works on the host is neither the agent's nor
 * does it have a container's owner and mode.
 */
static bool may_be_given(const struct lxc_node *n, const struct stat *st,
			 const struct lxc_owner *owner)
{
	if (n->named || st->st_uid == n->agent)
		return true;
	return st->st_uid == owner->uid && st->st_gid == owner->gid &&
	       (st->st_mode & 07777) == owner->mode;
}

int lxc_node_give(const struct lxc_node *n, const struct lxc_owner *owner,
		  char why[static LXC_WHY_MAX])
{
	char path[32];
	struct stat st;

	if (!n->pty)
		return 0;
	if (fstat(n->fd, &st) < 0)
		return fail(-errno, why, "its node: %s", strerror(errno));
	if (!may_be_given(n, &st, owner))
		return fail(-EPERM, why,
			    "the pty belongs to user %u, not to the agent",
			    (unsigned int)st.st_uid);
	if ((st.st_uid != owner->uid || st.st_gid != owner->gid) &&
	    fchownat(n->fd, "", owner->uid, owner->gid, AT_EMPTY_PATH) < 0)
		return fail(-errno, why, "its owner: %s", strerror(errno));
	/* chmod() is not made for such a descriptor; its name in /proc is */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", n->fd);
	if ((st.st_mode & 07777) != owner->mode && chmod(path, owner->mode) < 0)
		return fail(-errno, why, "its mode: %s", strerror(errno));
	return 0;
}

int lxc_node_take_back(const struct lxc_node *n, const struct lxc_owner *was)
{
	char path[32];
	struct stat st;

	if (!n->pty || n->named)
		return 0;
	if (fstat(n->fd, &st) < 0)
		return -errno;
	if (!may_be_given(n, &st, was))
		return -EPERM;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", n->fd);
	if (chmod(path, 0600) < 0 ||
	    fchownat(n->fd, "", n->agent, (gid_t)-1, AT_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

static int detach(int fd, const char *name, unsigned long long also)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
			    MOUNT_ATTR_NOEXEC | also,
		.propagation = MS_PRIVATE,
	};
	int err, tree = open_tree(fd, name,
				  OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
					  AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);

	if (tree < 0)
		return -errno;
	if (mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) == 0)
		return tree;
	err = -errno;
	close(tree);
	return err;
}

/*
 * A file system that holds the node alone.  It has to be mounted somewhere for
 * a moment, since a detached mount cannot be copied before Linux 6.15.
 */
static int private_tree(dev_t rdev, const struct lxc_owner *owner)
{
	int dir, tree;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(PRIVATE_FS, PRIVATE_PLACE, PRIVATE_FS, MS_NOSUID | MS_NOEXEC,
		  "mode=0755,nr_inodes=2") < 0)
		return -errno;
	dir = open(PRIVATE_PLACE, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	umask(0);
	if (mknodat(dir, PRIVATE_NAME, S_IFCHR | owner->mode, rdev) < 0 ||
	    fchownat(dir, PRIVATE_NAME, owner->uid, owner->gid,
		     AT_SYMLINK_NOFOLLOW) < 0)
		tree = -errno;
	else
		tree = detach(dir, PRIVATE_NAME, 0);
	close(dir);
	return tree;
}

int lxc_node_tree(const struct lxc_node *n, const struct lxc_owner *owner)
{
	return n->pty ? detach(n->fd, "", 0) : private_tree(n->rdev, owner);
}

int lxc_node_directory(int fd)
{
	return detach(fd, "", MOUNT_ATTR_NODEV);
}
