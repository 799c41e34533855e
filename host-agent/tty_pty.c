#include "host-agent/tty_pty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static int master_number(int fd, unsigned int *out)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISCHR(st.st_mode))
		return -ENOTTY;
	return ioctl(fd, TIOCGPTN, out) < 0 ? -errno : 0;
}

uint64_t tty_pty_identity(int fd)
{
	unsigned int number;

	return master_number(fd, &number) < 0 ? 0 : (uint64_t)number + 1;
}

/* Raw, and nothing that is received or sent means anything. */
static void make_raw(struct termios *t)
{
	memset(t->c_cc, 0, sizeof(t->c_cc)); /* _POSIX_VDISABLE */
	t->c_iflag = 0;
	t->c_oflag = 0;
	t->c_cflag = CS8 | CREAD | CLOCAL;
	t->c_lflag = 0;
	t->c_cc[VMIN] = 1;
	cfsetspeed(t, B115200);
}

int tty_pty_set_raw(int master)
{
	struct termios t;

	if (tcgetattr(master, &t) < 0)
		return -errno;
	make_raw(&t);
	return tcsetattr(master, TCSANOW, &t) < 0 ? -errno : 0;
}

static int open_slave(int master)
{
	int fd = ioctl(master, TIOCGPTPEER,
		       O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int tty_pty_discard(int master)
{
	int fd = open_slave(master), r;

	if (fd < 0)
		return fd;
	r = tcflush(fd, TCIFLUSH) < 0 ? -errno : 0;
	close(fd);
	return r;
}

/*
 * The first close is what hangs a master up: before, it looks like one whose
 * slave is open.
 */
static int touch_slave(int master)
{
	int fd = open_slave(master), r = 0;

	if (fd < 0)
		return fd;
	if (fchmod(fd, 0600) < 0)
		r = -errno;
	close(fd);
	return r;
}

static int watch_drain(struct tty_pty *p)
{
	struct epoll_event ev = { .events = EPOLLOUT | EPOLLET };

	p->drain = epoll_create1(EPOLL_CLOEXEC);
	if (p->drain < 0 ||
	    epoll_ctl(p->drain, EPOLL_CTL_ADD, p->master, &ev) < 0)
		return -errno;
	return 0;
}

int tty_pty_make(struct tty_pty *p)
{
	int r;

	p->drain = -1;
	p->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (p->master < 0)
		return -errno;
	r = master_number(p->master, &p->number);
	if (r == 0 && unlockpt(p->master) < 0)
		r = -errno;
	if (r == 0)
		r = touch_slave(p->master);
	if (r == 0)
		r = tty_pty_set_raw(p->master);
	if (r == 0)
		r = watch_drain(p);
	if (r < 0)
		tty_pty_close(p);
	return r;
}

int tty_pty_adopt(struct tty_pty *p, int fd)
{
	int r = master_number(fd, &p->number);

	p->master = -1;
	p->drain = -1;
	if (r < 0)
		return r;
	if (fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		return -errno;
	p->master = fd;
	r = watch_drain(p);
	if (r == 0)
		return 0;
	p->master = -1;
	tty_pty_close(p);
	return r;
}

void tty_pty_close(struct tty_pty *p)
{
	if (p->drain >= 0)
		close(p->drain);
	if (p->master >= 0)
		close(p->master);
	p->drain = -1;
	p->master = -1;
}

void tty_pty_leave(struct tty_pty *p)
{
	p->master = -1;
	tty_pty_close(p);
}

void tty_pty_node(const struct tty_pty *p, char out[static TTY_PTY_NODE_MAX])
{
	snprintf(out, TTY_PTY_NODE_MAX, TTY_PTY_DIR "/%u", p->number);
}

static short state(const struct tty_pty *p)
{
	struct pollfd fd = { .fd = p->master, .events = POLLOUT };

	return poll(&fd, 1, 0) < 0 ? POLLHUP : fd.revents;
}

bool tty_pty_is_open(const struct tty_pty *p)
{
	return !(state(p) & (POLLHUP | POLLERR));
}

bool tty_pty_has_room(const struct tty_pty *p)
{
	return (state(p) & (POLLOUT | POLLHUP | POLLERR)) == POLLOUT;
}

bool tty_pty_drained(struct tty_pty *p)
{
	struct epoll_event ev;

	return epoll_wait(p->drain, &ev, 1, 0) == 1;
}

ssize_t tty_pty_write(struct tty_pty *p, const void *buf, size_t len)
{
	ssize_t n = write(p->master, buf, len);
	int err = errno;

	tty_pty_drained(p);
	errno = err;
	return n;
}
