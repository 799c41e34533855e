/*
 * source_hwrng.c - the kernel's /dev/hwrng, read by a child
 *
 * A read may block for ever behind the kernel's own reader, and no open flag
 * helps: virtio-rng before Linux 5.10.47 never answers a non-blocking read.
 * So a child blocks, and the agent keeps the clock.  Closing kills the child;
 * one that sits in an uninterruptible wait is left behind and reaped later.
 *
 * Parent to child: uint32_t, bytes wanted.  Child to parent: struct reply, a
 * message of its own for every read.
 */
#include "guest-agent/source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/caps.h"
#include "common/secmem.h"
#include "guest-agent/confine.h"

#define CHUNK_MAX 512
#define AGAIN_MS  50 /* for a driver that has nothing just now */

struct reply {
	int32_t err; /* 0, or -errno and no data */
	uint8_t data[CHUNK_MAX];
};

static int open_device(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode)) {
		close(fd);
		return -ENOTBLK;
	}
	return fd;
}

/*
 * Then waits for the parent to close: ending with a request unread would reset
 * the connection, and the error with it.
 */
static void tell_error(int sock, int err)
{
	int32_t code = err;
	uint32_t request;

	if (send(sock, &code, sizeof(code), MSG_NOSIGNAL) < 0)
		return;
	while (recv(sock, &request, sizeof(request), 0) > 0)
		;
}

/* Until want bytes were sent, whose deadline is the parent's; 0 or -errno. */
static int copy_bytes(int dev, int sock, struct reply *reply, size_t want)
{
	ssize_t got;

	while (want) {
		got = read(dev, reply->data,
			   want < CHUNK_MAX ? want : CHUNK_MAX);
		if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
			poll(NULL, 0, AGAIN_MS);
			continue;
		}
		if (got < 0)
			return -errno;
		if (!got)
			return -ENODATA;
		reply->err = 0;
		if (send(sock, reply, offsetof(struct reply, data) + got,
			 MSG_NOSIGNAL) < 0)
			return -EPIPE;
		explicit_bzero(reply, sizeof(*reply));
		want -= (size_t)got;
	}
	return 0;
}

static void __attribute__((noreturn))
child_main(const char *path, int sock, pid_t parent)
{
	struct reply *reply;
	sigset_t all;
	uint32_t want;
	int dev, r;

	/* Only SIGKILL, by the parent or for its death, ends a child. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* it has died before that */
		_exit(0);
	confine_descriptors(sock, -1, -1);
	reply = secmem_alloc(sizeof(*reply));
	dev = reply ? open_device(path) : -ENOMEM;
	r = dev < 0 ? dev : caps_limit_proven(CAPS_NONE);
	while (!r && recv(sock, &want, sizeof(want), 0) == sizeof(want))
		r = copy_bytes(dev, sock, reply, want);
	if (r)
		tell_error(sock, r);
	secmem_free(reply);
	_exit(0);
}

/* 0 when there is room for one more child. */
static int reap_stuck(struct source *s)
{
	int room = 0;

	for (int i = 0; i < SOURCE_STUCK_MAX; i++) {
		if (s->stuck[i] && waitpid(s->stuck[i], NULL, WNOHANG))
			s->stuck[i] = 0;
		if (!s->stuck[i])
			room = 1;
	}
	return room ? 0 : -EBUSY;
}

static int hwrng_open(struct source *s)
{
	pid_t self = getpid();
	int pair[2];

	if (reap_stuck(s))
		return source_fail(s, -EBUSY, "%d killed readers hang in it",
				   SOURCE_STUCK_MAX);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return source_fail(s, -errno, "%s", strerror(errno));
	s->child = fork();
	if (s->child < 0) {
		close(pair[0]);
		close(pair[1]);
		s->child = 0;
		return source_fail(s, -errno, "fork: %s", strerror(errno));
	}
	if (!s->child)
		child_main(s->path, pair[1], self);
	close(pair[1]);
	s->fd = pair[0];
	return 0;
}

static ssize_t hwrng_ask(struct source *s, size_t n)
{
	uint32_t want = n < CHUNK_MAX ? (uint32_t)n : CHUNK_MAX;

	/* A child that is gone has left its reason to be read. */
	if (send(s->fd, &want, sizeof(want), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
	    errno != EPIPE)
		return source_fail(s, -errno, "%s", strerror(errno));
	return (ssize_t)want;
}

static int explain(struct source *s, int err)
{
	switch (-err) {
	case ENOTBLK:
		return source_fail(s, -ENODEV, "not a character device");
	case ENODEV:
		return source_fail(
			s, err, "no driver behind it: is virtio_rng loaded?");
	case ENOENT:
		return source_fail(s, err,
				   "there is none: is virtio_rng loaded?");
	case ENODATA:
		return source_fail(s, err, "it ended");
	default:
		return source_fail(s, err, "%s", strerror(-err));
	}
}

static ssize_t hwrng_read(struct source *s, uint8_t *buf, size_t n)
{
	int32_t err = 0;
	struct iovec parts[] = { { &err, sizeof(err) }, { buf, n } };
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t got = recvmsg(s->fd, &msg, MSG_DONTWAIT);

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return -EAGAIN;
	if (got < 0)
		return source_fail(s, -errno, "%s", strerror(errno));
	if (got < (ssize_t)sizeof(err))
		return source_fail(s, -EPIPE, "its reader died");
	if (err)
		return explain(s, err);
	if (msg.msg_flags & MSG_TRUNC || got == sizeof(err))
		return source_fail(s, -EPROTO, "its reader sent a wrong size");
	return got - (ssize_t)sizeof(err);
}

static void hwrng_close(struct source *s)
{
	if (s->child <= 0)
		return;
	kill(s->child, SIGKILL);
	for (int i = 0; i < SOURCE_STUCK_MAX; i++) {
		if (s->stuck[i])
			continue;
		s->stuck[i] = s->child;
		break;
	}
	s->child = 0;
	reap_stuck(s);
}

const struct source_driver source_hwrng = {
	.scheme = "hwrng",
	.open = hwrng_open,
	.ask = hwrng_ask,
	.read = hwrng_read,
	.close = hwrng_close,
};
