#include "host-agent/hwrng_node.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/major.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define HWRNG_MINOR   183 /* <linux/miscdevice.h>: HWRNG_MINOR */
#define RANDOM_MINOR  8	  /* of MEM_MAJOR */
#define URANDOM_MINOR 9
#define ACM_MAJOR     166 /* Documentation/admin-guide/devices.txt */
#define SERIAL_MAJOR  188
#define CURRENT	      "/sys/dev/char/10:183/rng_current"

static bool is_terminal(unsigned int major)
{
	return major == TTY_MAJOR || major == TTYAUX_MAJOR ||
	       (major >= UNIX98_PTY_SLAVE_MAJOR &&
		major < UNIX98_PTY_SLAVE_MAJOR + UNIX98_PTY_MAJOR_COUNT) ||
	       major == ACM_MAJOR || major == SERIAL_MAJOR;
}

static const char *kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "a regular file";
	case S_IFDIR:
		return "a folder";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	case S_IFBLK:
		return "a block device";
	}
	return "of another kind";
}

int hwrng_node_judge(const struct stat *st, char why[static HWRNG_WHY_MAX])
{
	unsigned int maj = major(st->st_rdev), min = minor(st->st_rdev);

	if (!S_ISCHR(st->st_mode))
		snprintf(why, HWRNG_WHY_MAX,
			 "%s: not the kernel's hardware RNG, which is "
			 "character device 10:183",
			 kind_of(st->st_mode));
	else if (maj == MISC_MAJOR && min == HWRNG_MINOR)
		return 0;
	else if (maj == MEM_MAJOR &&
		 (min == RANDOM_MINOR || min == URANDOM_MINOR))
		snprintf(why, HWRNG_WHY_MAX,
			 "the kernel's own pool (1:%u), no noise source: give "
			 "a hardware RNG (10:183), or use when_absent=kernel",
			 min);
	else if (is_terminal(maj))
		snprintf(why, HWRNG_WHY_MAX,
			 "a terminal (%u:%u): a OneRNG is found on USB without "
			 "its terminal; the kernel's hardware RNG is 10:183",
			 maj, min);
	else
		snprintf(why, HWRNG_WHY_MAX,
			 "character device %u:%u: not the kernel's hardware "
			 "RNG, which is 10:183",
			 maj, min);
	return -EINVAL;
}

static int absent(char why[static HWRNG_WHY_MAX], const char *path)
{
	snprintf(why, HWRNG_WHY_MAX,
		 "%s is not there: load the driver of a hardware RNG", path);
	return -ENODEV;
}

static int cannot_open(char why[static HWRNG_WHY_MAX], const char *path,
		       int err)
{
	if (err == ENOENT || err == ENODEV || err == ENXIO)
		return absent(why, path);
	snprintf(why, HWRNG_WHY_MAX, "%s: %s%s", path, strerror(err),
		 err == EACCES || err == EPERM
			 ? ": let the agent's group read it by a udev rule, "
			   "see onerng-hostd.conf(5)"
			 : "");
	return -err;
}

static int open_node(const char *path, char why[static HWRNG_WHY_MAX])
{
	struct stat st;
	int fd;

	/* opening a FIFO or a terminal has effects: looked at before */
	if (stat(path, &st) < 0)
		return cannot_open(why, path, errno);
	if (hwrng_node_judge(&st, why) < 0)
		return -EINVAL;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return cannot_open(why, path, errno);
	if (fstat(fd, &st) == 0 && hwrng_node_judge(&st, why) == 0)
		return fd;
	close(fd);
	return -EINVAL;
}

int hwrng_node_open(struct hwrng_node *n, const char *path,
		    char why[static HWRNG_WHY_MAX])
{
	n->current_fd = -1;
	n->fd = open_node(path, why);
	if (n->fd < 0) {
		int err = n->fd;

		n->fd = -1;
		return err;
	}
	n->current_fd = open(CURRENT, O_RDONLY | O_CLOEXEC);
	if (n->current_fd >= 0)
		return 0;
	snprintf(why, HWRNG_WHY_MAX,
		 CURRENT ": %s: cannot tell what is behind %s: mount sysfs",
		 strerror(errno), path);
	hwrng_node_close(n);
	return -ENOTSUP;
}

void hwrng_node_close(struct hwrng_node *n)
{
	if (n->fd >= 0)
		close(n->fd);
	if (n->current_fd >= 0)
		close(n->current_fd);
	n->fd = -1;
	n->current_fd = -1;
}

int hwrng_node_current(const struct hwrng_node *n,
		       char name[static HWRNG_NAME_MAX])
{
	ssize_t len = pread(n->current_fd, name, HWRNG_NAME_MAX - 1, 0);

	if (len < 0)
		return -errno;
	name[len] = '\0';
	name[strcspn(name, "\n")] = '\0';
	for (char *c = name; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return !*name || !strcmp(name, "none") ? -ENODEV : 0;
}
