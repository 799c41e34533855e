#include "host-agent/barrier.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

int barrier_send(void)
{
	int fds[2], r;

	if (!getenv("NOTIFY_SOCKET"))
		return -ENOTCONN;
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	/* the other end goes along, and is closed when its turn comes */
	r = sd_pid_notify_with_fds(0, 0, "BARRIER=1", &fds[1], 1);
	close(fds[1]);
	if (r > 0)
		return fds[0];
	close(fds[0]);
	return r < 0 ? r : -ENOTCONN;
}
