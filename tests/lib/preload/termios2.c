/*
 * termios2.c - preloaded: what glibc 2.42 asks of terminals
 *
 * tcgetattr(3) and tcsetattr(3) make the requests TCGETS2 and TCSETS2, and so
 * does stdio, which cannot be reached from here: sendmsg(2), which all
 * processes of the host agent call at work, asks in its place.
 */
#include <asm/termbits.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef TCGETS2

int tcgetattr(int fd, struct termios *t);
int tcsetattr(int fd, int when, const struct termios *t);

/* libc's own struct has the line discipline and 32 characters, too. */
struct libc_termios {
	tcflag_t c_iflag, c_oflag, c_cflag, c_lflag;
	cc_t c_line, c_cc[32];
	speed_t c_ispeed, c_ospeed;
};

int tcgetattr(int fd, struct termios *t)
{
	struct libc_termios *out = (void *)t;
	struct termios2 k;

	if (syscall(SYS_ioctl, fd, TCGETS2, &k) < 0)
		return -1;
	memset(out, 0, sizeof(*out));
	out->c_iflag = k.c_iflag;
	out->c_oflag = k.c_oflag;
	out->c_cflag = k.c_cflag;
	out->c_lflag = k.c_lflag;
	out->c_line = k.c_line;
	memcpy(out->c_cc, k.c_cc, sizeof(k.c_cc));
	out->c_ispeed = k.c_ispeed;
	out->c_ospeed = k.c_ospeed;
	return 0;
}

int tcsetattr(int fd, int when, const struct termios *t)
{
	const struct libc_termios *in = (const void *)t;
	struct termios2 k = {
		.c_iflag = in->c_iflag,
		.c_oflag = in->c_oflag,
		.c_cflag = in->c_cflag,
		.c_lflag = in->c_lflag,
		.c_line = in->c_line,
		.c_ispeed = in->c_ispeed,
		.c_ospeed = in->c_ospeed,
	};

	memcpy(k.c_cc, in->c_cc, sizeof(k.c_cc));
	/* TCSETSW2 and TCSETSF2 follow TCSETS2 */
	return (int)syscall(SYS_ioctl, fd, TCSETS2 + (unsigned int)when, &k);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	struct termios2 k;

	(void)syscall(SYS_ioctl, STDERR_FILENO, TCGETS2, &k);
	return syscall(SYS_sendmsg, fd, message, flags);
}

#endif
