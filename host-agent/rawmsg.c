/*
 * rawmsg.c - messages between the core and its other processes
 *
 * A packet is a header and its payload, gathered and scattered so that samples
 * are never copied on the way.  Both ends are the same binary on the same
 * machine: fields are in host order.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "host-agent/onerng.h"
#include "host-agent/rawmsg.h"

#define PORT_DEPTH_MAX	7 /* tiers below the root hub, USB 2.0 4.1.1 */
#define PORT_NUMBER_MAX 255

struct rawmsg_head {
	uint32_t type;
	uint32_t zero;
	uint64_t seq;
};

static int rawmsg_errno(int err)
{
	/* AF_UNIX says ECONNRESET when the peer left something unread */
	return err == ECONNRESET ? -EPIPE : -err;
}

/* Room for one descriptor. */
union rawmsg_control {
	struct cmsghdr align;
	char buf[CMSG_SPACE(sizeof(int))];
};

static int rawmsg_transmit(int fd, const struct msghdr *mh)
{
	ssize_t n;

	do {
		n = sendmsg(fd, mh, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? rawmsg_errno(errno) : 0;
}

int rawmsg_send(int fd, enum rawmsg_type type, uint64_t seq,
		const void *payload, size_t len)
{
	struct rawmsg_head head = { .type = type, .seq = seq };
	struct iovec iov[2] = { { &head, sizeof(head) } };
	struct msghdr mh = { .msg_iov = iov, .msg_iovlen = len ? 2 : 1 };

	/* iovec has no const; sendmsg(2) does not write */
	memcpy(&iov[1].iov_base, &payload, sizeof(payload));
	iov[1].iov_len = len;
	return rawmsg_transmit(fd, &mh);
}

/* With a descriptor, which stays the caller's. */
static int rawmsg_send_with(int fd, struct iovec *iov, size_t count, int what)
{
	union rawmsg_control control = { .buf = { 0 } };
	struct msghdr mh = { .msg_iov = iov,
			     .msg_iovlen = count,
			     .msg_control = control.buf,
			     .msg_controllen = sizeof(control.buf) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&mh);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &what, sizeof(int));
	return rawmsg_transmit(fd, &mh);
}

int rawmsg_send_ident(int fd, uint64_t seq, const struct rawmsg_ident *ident,
		      int image_fd)
{
	struct rawmsg_head head = { .type = RAWMSG_IDENT, .seq = seq };
	struct rawmsg_ident copy = *ident;
	struct iovec iov[2] = { { &head, sizeof(head) },
				{ &copy, sizeof(copy) } };
	int rc = rawmsg_send_with(fd, iov, 2, image_fd);

	explicit_bzero(&copy, sizeof(copy));
	return rc;
}

int rawmsg_send_master(int fd, uint64_t seq, int master)
{
	struct rawmsg_head head = { .type = RAWMSG_TTY_HOLD, .seq = seq };
	struct iovec iov = { &head, sizeof(head) };

	return rawmsg_send_with(fd, &iov, 1, master);
}

int rawmsg_send_state(int fd, enum reader_state state, const char *text)
{
	struct {
		struct rawmsg_state s;
		char text[RAWMSG_TEXT_MAX];
	} out = { .s.state = state };
	size_t len = strnlen(text, sizeof(out.text));

	memcpy(out.text, text, len);
	return rawmsg_send(fd, RAWMSG_STATE, 0, &out, sizeof(out.s) + len);
}

static int rawmsg_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A number in 1..PORT_NUMBER_MAX without leading zero; NULL if it is none. */
static const char *rawmsg_skip_number(const char *s)
{
	unsigned int value = 0;

	if (*s == '0')
		return NULL;
	for (; rawmsg_is_digit(*s) && value <= PORT_NUMBER_MAX; s++)
		value = value * 10 + (unsigned int)(*s - '0');
	return value && value <= PORT_NUMBER_MAX ? s : NULL;
}

int rawmsg_port_valid(const char *port)
{
	unsigned int depth = 0;
	const char *s = rawmsg_skip_number(port);
	char separator = '-';

	while (s && *s == separator && depth < PORT_DEPTH_MAX) {
		s = rawmsg_skip_number(s + 1);
		separator = '.';
		depth++;
	}
	return s && !*s && depth && s - port < RAWMSG_PORT_MAX;
}

static int rawmsg_text_valid(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			return 0;
	return 1;
}

static int rawmsg_id_valid(const char id[static 33])
{
	size_t len = strnlen(id, 33);

	return (len == 0 || len == 32) &&
	       strspn(id, "0123456789abcdefABCDEF") == len;
}

static int rawmsg_check_port(const struct rawmsg *m)
{
	return m->len == sizeof(m->u.port) &&
	       memchr(m->u.port.port, 0, sizeof(m->u.port.port)) &&
	       rawmsg_port_valid(m->u.port.port);
}

static int rawmsg_check_state(const struct rawmsg *m)
{
	size_t fixed = sizeof(m->u.state.s);

	return m->len >= fixed && m->len <= sizeof(m->u.state) &&
	       m->u.state.s.state < READER_STATES &&
	       rawmsg_text_valid(m->u.state.text, m->len - fixed);
}

static int rawmsg_check_ident(const struct rawmsg *m)
{
	const struct rawmsg_ident *i = &m->u.ident;

	return m->len == sizeof(*i) && i->firmware >= 1 && i->firmware <= 3 &&
	       i->image_bytes == FIRMWARE_IMAGE && rawmsg_id_valid(i->id);
}

static int rawmsg_check_done(const struct rawmsg *m)
{
	const struct rawmsg_done *d = &m->u.done;

	return m->len == sizeof(*d) && d->what >= RAWMSG_TTY_RAW &&
	       d->what <= RAWMSG_TTY_CLOSE && d->error <= 0;
}

static int rawmsg_has_descriptor(enum rawmsg_type type)
{
	return type == RAWMSG_IDENT || type == RAWMSG_TTY_HOLD;
}

/* Whether the payload fits its type; type and len are set. */
static int rawmsg_check(const struct rawmsg *m)
{
	switch (m->type) {
	case RAWMSG_ARRIVED:
	case RAWMSG_LEFT:
		return rawmsg_check_port(m);
	case RAWMSG_STATE:
		return rawmsg_check_state(m);
	case RAWMSG_IDENT:
		return rawmsg_check_ident(m);
	case RAWMSG_SAMPLES:
		return m->len >= 1 && m->len <= sizeof(m->u.samples);
	case RAWMSG_RUN:
	case RAWMSG_PAUSE:
	case RAWMSG_STOP:
	case RAWMSG_IDENTIFY:
	case RAWMSG_TTY_HOLD:
	case RAWMSG_TTY_RAW:
	case RAWMSG_TTY_DISCARD:
	case RAWMSG_TTY_CLOSE:
		return m->len == 0;
	case RAWMSG_TTY_DONE:
		return rawmsg_check_done(m);
	}
	return 0;
}

/* The payload of len bytes is in m->u already.  What is refused is wiped. */
static int rawmsg_accept(struct rawmsg *m, const struct rawmsg_head *head,
			 size_t len)
{
	m->type = (enum rawmsg_type)head->type;
	m->seq = head->seq;
	m->len = len;
	m->fd = -1;
	if (!head->zero && rawmsg_check(m))
		return 0;
	explicit_bzero(m, sizeof(*m));
	return -EPROTO;
}

int rawmsg_decode(struct rawmsg *m, const uint8_t *packet, size_t len)
{
	struct rawmsg_head head;

	if (len < sizeof(head) || len - sizeof(head) > sizeof(m->u))
		return -EPROTO;
	memcpy(&head, packet, sizeof(head));
	len -= sizeof(head);
	memcpy(&m->u, packet + sizeof(head), len);
	return rawmsg_accept(m, &head, len);
}

/*
 * The descriptor that came along, -1 if none did; of more than one, none stays
 * open: -EPROTO.
 */
static int rawmsg_descriptor(struct msghdr *mh)
{
	size_t count = 0;
	int first = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = CMSG_LEN(0); at + sizeof(int) <= c->cmsg_len;
		     at += sizeof(int)) {
			int fd;

			memcpy(&fd, (uint8_t *)c + at, sizeof(fd));
			if (count++)
				close(fd);
			else
				first = fd;
		}
	}
	if (count <= 1 && !(mh->msg_flags & MSG_CTRUNC))
		return first;
	if (first >= 0)
		close(first);
	return -EPROTO;
}

/* A packet of n bytes arrived, and fd as rawmsg_descriptor() found it. */
static int rawmsg_take(struct rawmsg *m, const struct rawmsg_head *head,
		       size_t n, int fd)
{
	int rc = -EPROTO;

	if (n >= sizeof(*head) && fd >= -1)
		rc = rawmsg_accept(m, head, n - sizeof(*head));
	if (rc == 0 && rawmsg_has_descriptor(m->type) == (fd >= 0)) {
		m->fd = fd;
		return 1;
	}
	explicit_bzero(m, sizeof(*m));
	if (fd >= 0)
		close(fd);
	return -EPROTO;
}

int rawmsg_recv(int fd, struct rawmsg *m)
{
	struct rawmsg_head head;
	struct iovec iov[2] = { { &head, sizeof(head) },
				{ &m->u, sizeof(m->u) } };
	union rawmsg_control control;
	struct msghdr mh = { .msg_iov = iov,
			     .msg_iovlen = 2,
			     .msg_control = control.buf,
			     .msg_controllen = sizeof(control.buf) };
	int came;
	ssize_t n;

	do {
		n = recvmsg(fd, &mh, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (n <= 0)
		return n ? rawmsg_errno(errno) : -EPIPE;
	came = rawmsg_descriptor(&mh);
	return rawmsg_take(m, &head, mh.msg_flags & MSG_TRUNC ? 0 : (size_t)n,
			   came);
}
