/*
 * source_tty.c - a OneRNG, real or virtual, as a terminal device
 *
 * The device is told to run (cmdO) only while bytes are wanted, so that what
 * is read is not what lay in the tty's buffer for minutes.  The newline first
 * ends whatever half a command the last user left.
 */
#include "guest-agent/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static const char run_command[] = "\ncmdO\n";
static const char pause_command[] = "\ncmdo\n";

static int set_raw(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t) < 0)
		return -errno;
	cfmakeraw(&t);
	t.c_cflag |= CLOCAL | CREAD;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	return tcsetattr(fd, TCSANOW, &t) < 0 ? -errno : 0;
}

static int prepare(struct source *s, int fd)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || !isatty(fd))
		return source_fail(s, -ENODEV, "not a terminal device");
	/* Root gets past TIOCEXCL: ask nobody else to share it all the same. */
	if (ioctl(fd, TIOCEXCL) < 0)
		return source_fail(s, -errno, "TIOCEXCL: %s", strerror(errno));
	r = set_raw(fd);
	if (!r)
		return 0;
	/* It outlives this descriptor where another process has one. */
	ioctl(fd, TIOCNXCL);
	return source_fail(s, r, "raw mode: %s", strerror(-r));
}

static int tty_open(struct source *s)
{
	int fd = open(s->path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r;

	/* A pty whose other end is gone keeps its node where it is bound. */
	if (fd < 0 && errno == EIO)
		return source_fail(s, -ENODEV, "nobody is at its other end");
	if (fd < 0)
		return source_fail(s, -errno, "%s", strerror(errno));
	r = prepare(s, fd);
	if (r) {
		/* Not by tty_close(), which writes: it may be any file. */
		close(fd);
		return r;
	}
	s->fd = fd;
	return 0;
}

static ssize_t tty_ask(struct source *s, size_t n)
{
	const ssize_t len = sizeof(run_command) - 1;

	/* Stale bytes, and replies to the last user, are not wanted. */
	tcflush(s->fd, TCIFLUSH);
	if (write(s->fd, run_command, (size_t)len) != len)
		return source_fail(s, -EIO, "does not take commands");
	return (ssize_t)n;
}

static ssize_t tty_read(struct source *s, uint8_t *buf, size_t n)
{
	return source_read_fd(s, buf, n, -EIO, "hung up");
}

static void tty_pause(struct source *s)
{
	const ssize_t len = sizeof(pause_command) - 1;

	if (write(s->fd, pause_command, (size_t)len) != len)
		return; /* the next read says what is wrong */
	tcflush(s->fd, TCIFLUSH);
}

static void tty_close(struct source *s)
{
	if (s->fd < 0)
		return;
	tty_pause(s);
	ioctl(s->fd, TIOCNXCL);
}

const struct source_driver source_tty = {
	.scheme = "tty",
	.open = tty_open,
	.ask = tty_ask,
	.read = tty_read,
	.pause = tty_pause,
	.close = tty_close,
};
