#include "ctl/hold.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WORK_MS	   10000 /* a command is through by then */
#define REMNANT_MS 1000
#define STEP_MS	   50

#define AT_WORK                                                             \
	"passed over: another onerngctl has worked on it for more than 10 " \
	"seconds: try again"
#define REMNANT                                                             \
	"passed over: a process that looked into its /dev cannot be ended " \
	"until the container is"

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

/* A line of proc_locks(5): whose lock of that file it is; 0: another one. */
static pid_t taker_in(const char *line, ino_t file)
{
	unsigned long long inode;
	long long pid;

	if (sscanf(line, "%*u: FLOCK %*s %*s %lld %*x:%*x:%llu", &pid,
		   &inode) != 2 ||
	    inode != file || pid <= 0)
		return 0;
	return (pid_t)pid;
}

/*
 * Who took it, whether or not another process has it by now; 0: that is not
 * known.  By the inode alone: the device there is not always that of stat(2).
 */
static pid_t taker(int fd)
{
	FILE *f = fopen("/proc/locks", "re");
	char line[128];
	pid_t pid = 0;
	struct stat st;

	if (!f)
		return 0;
	if (fstat(fd, &st) == 0)
		while (!pid && fgets(line, sizeof(line), f))
			pid = taker_in(line, st.st_ino);
	fclose(f);
	return pid;
}

/* Not what was left of somebody, or of ourselves in an earlier round. */
static bool is_at_work(int fd)
{
	pid_t pid = taker(fd);

	return pid && pid != getpid() && (kill(pid, 0) == 0 || errno == EPERM);
}

/*
 * NULL: it is to be waited for.  To look takes the kernel milliseconds, for
 * which nobody gets or leaves a lock: once a second.
 */
static const char *why_not_wait(int fd, int waited)
{
	if (!waited || waited % REMNANT_MS)
		return NULL;
	if (!is_at_work(fd))
		return REMNANT;
	return waited >= WORK_MS ? AT_WORK : NULL;
}

int hold_take(const struct container_host *h, const char *id, const char **why)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000 };
	int waited = 0, fd = open_folder(h, id);

	if (fd < 0)
		return fd;
	*why = NULL;
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (*why) {
			close(fd);
			return -EBUSY;
		}
		/* who is not found has perhaps just left it: tried once more */
		*why = why_not_wait(fd, waited);
		if (*why)
			continue;
		nanosleep(&step, NULL);
		waited += STEP_MS;
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
