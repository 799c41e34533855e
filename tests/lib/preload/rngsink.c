/*
 * rngsink.c - preloaded: what is fed to the kernel's RNG, in a file instead
 *
 * RNDADDENTROPY appends its bytes to the file $RNG_SINK and touches no kernel;
 * RNDGETENTCNT says that there is no entropy, so that a daemon goes on feeding.
 * Every other ioctl is the kernel's.  For programs that one must not let feed
 * the machine they are tested on, or that the kernel does not let.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int feed(const struct rand_pool_info *info)
{
	const char *path = getenv("RNG_SINK");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
			     0600)
		      : -1;
	ssize_t n;

	if (fd < 0 || info->buf_size < 0) {
		errno = EPERM;
		return -1;
	}
	n = write(fd, info->buf, (size_t)info->buf_size);
	close(fd);
	return n == info->buf_size ? 0 : -1;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (request == RNDADDENTROPY)
		return feed(arg);
	if (request == RNDGETENTCNT) {
		*(int *)arg = 0;
		return 0;
	}
	return (int)syscall(SYS_ioctl, fd, request, arg);
}
