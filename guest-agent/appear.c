#include "guest-agent/appear.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define READ_MAX 4096 /* bytes at once; the rest is read with the next poll */

/* ATTRIB: what udev or LXC's hook gives it, an owner and a mode. */
#define EVENTS (IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR)
#define ENDED  (IN_IGNORED | IN_Q_OVERFLOW | IN_UNMOUNT)

int appear_watch(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	int fd, err;

	if (!slash || (size_t)(slash - path) >= sizeof(folder))
		return -EINVAL;
	snprintf(folder, sizeof(folder), "%.*s",
		 slash == path ? 1 : (int)(slash - path), path);
	fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (inotify_add_watch(fd, folder, EVENTS) >= 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static bool is_of(const struct inotify_event *e, const char *name)
{
	return e->mask & ENDED || (e->len && !strcmp(e->name, name));
}

bool appear_happened(int fd, const char *path)
{
	_Alignas(struct inotify_event) char buf[READ_MAX];
	const char *name = strrchr(path, '/') + 1;
	ssize_t n = read(fd, buf, sizeof(buf)), at = 0;
	const struct inotify_event *e;

	if (n < 0)
		return errno != EAGAIN && errno != EINTR;
	while (at < n) {
		e = (const void *)(buf + at);
		if (is_of(e, name))
			return true;
		at += (ssize_t)(sizeof(*e) + e->len);
	}
	return false;
}
