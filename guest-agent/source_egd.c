/*
 * source_egd.c - client of an EGD server on a Unix socket
 *
 * Speaks one command, the blocking read.  Its reply has no length and may come
 * in pieces; bytes that come unasked (the host agent keeps one block ahead of
 * its consumers) answer the next request.
 */
#include "guest-agent/source.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/egd.h"

#define EGD_ASK_MAX 255

static const char *advice(int err)
{
	switch (err) {
	case ENOENT:
	case ECONNREFUSED:
		return ": is the host agent running?";
	case EACCES:
	case EPERM:
		return ": add this user to the group of the socket";
	default:
		return "";
	}
}

static int egd_open(struct source *s)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = strlen(s->path);

	if (len >= sizeof(to.sun_path))
		return source_fail(s, -ENAMETOOLONG,
				   "longer than a socket's path may be");
	memcpy(to.sun_path, s->path, len);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return source_fail(s, -errno, "%s", strerror(errno));
	/* Unix sockets connect at once; EAGAIN is a full backlog. */
	if (connect(s->fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return source_fail(s, -errno, "%s%s", strerror(errno),
				   advice(errno));
	return 0;
}

static ssize_t egd_ask(struct source *s, size_t n)
{
	uint8_t request[2] = { EGD_READ };
	ssize_t sent;

	if (n > EGD_ASK_MAX)
		n = EGD_ASK_MAX;
	request[1] = (uint8_t)n;
	sent = send(s->fd, request, sizeof(request), MSG_NOSIGNAL);
	if (sent < 0 && errno == EAGAIN)
		return source_fail(s, -EAGAIN, "the server reads no requests");
	if (sent != sizeof(request))
		return source_fail(s, -EPIPE, "the server closed");
	return (ssize_t)n;
}

static ssize_t egd_read(struct source *s, uint8_t *buf, size_t n)
{
	return source_read_fd(s, buf, n, -EPIPE, "the server closed");
}

const struct source_driver source_egd = {
	.scheme = "egd",
	.open = egd_open,
	.ask = egd_ask,
	.read = egd_read,
};
