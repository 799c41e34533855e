/*
 * role.c - what the reader and watcher roles have in common
 */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/secmem.h"
#include "host-agent/rawmsg.h"
#include "host-agent/role.h"

int role_enter(void)
{
	sigset_t ends, ignored;
	int fd, rc = secmem_no_dump();

	if (rc < 0)
		return rc;
	umask(077);
	/* Linux 5.9; before that the core's O_CLOEXEC has to do */
	if (close_range(RAWMSG_FD + 1, ~0u, 0) < 0 && errno != ENOSYS)
		return -errno;
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
		return -errno;
	/* what the core's process group gets is not for us */
	sigemptyset(&ignored);
	sigaddset(&ignored, SIGHUP);
	sigaddset(&ignored, SIGUSR1);
	sigaddset(&ignored, SIGPIPE);
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	if (sigprocmask(SIG_SETMASK, &ignored, NULL) < 0 ||
	    sigprocmask(SIG_BLOCK, &ends, NULL) < 0)
		return -errno;
	fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

int64_t role_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}
