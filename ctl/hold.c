#include "ctl/hold.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 1000 /* another command is through by then, or passed over */
#define STEP_MS 50

/* Of the folder: the file in it is replaced. */
static int open_folder(const struct container_host *h, const char *id)
{
	char path[PATH_MAX];
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s.d", h->dir, id) >=
	    sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int hold_take(const struct container_host *h, const char *id)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000 };
	int waited, fd = open_folder(h, id);

	if (fd < 0)
		return fd;
	for (waited = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; waited += STEP_MS) {
		if (waited >= WAIT_MS) {
			close(fd);
			return -EBUSY;
		}
		nanosleep(&step, NULL);
	}
	return fd;
}

bool hold_is_taken(const struct container_host *h, const char *id)
{
	int fd = open_folder(h, id);
	bool taken = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 &&
		     errno == EWOULDBLOCK;

	if (fd >= 0)
		close(fd);
	return taken;
}
