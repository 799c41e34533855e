/*
 * feeder_child.c - what runs in the feeder process
 *
 * Between two frames nothing is kept.  A frame that is not as it must be ends
 * the process: only a broken or taken-over parent sends one.
 *
 * Nor does it start to wait for frames before it has proven that it may feed,
 * and that it can do nothing else: a feeder that only seems to work would be
 * found out by nobody, since the kernel works on without.
 */
#include "guest-agent/feeder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/random.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/caps.h"
#include "common/secmem.h"
#include "guest-agent/confine.h"

_Static_assert(offsetof(struct feeder_frame, data) -
			       offsetof(struct feeder_frame, credit_bits) ==
		       offsetof(struct rand_pool_info, buf),
	       "a frame is a struct rand_pool_info behind its magic");
_Static_assert(sizeof(struct feeder_frame) == 12 + FEEDER_PAYLOAD_MAX,
	       "no padding");

int feeder_check_frame(const struct feeder_frame *frame)
{
	if (frame->magic != FEEDER_MAGIC)
		return -EPROTO;
	if (frame->size < 1 || frame->size > FEEDER_PAYLOAD_MAX)
		return -EMSGSIZE;
	/* The kernel does not compare the credit with the length. */
	if (frame->credit_bits < 0 || frame->credit_bits > 8 * frame->size)
		return -ERANGE;
	return 0;
}

/* 1 a whole frame, 0 the end, -EPROTO cut short. */
static int read_frame(int fd, struct feeder_frame *frame)
{
	size_t have = 0;
	ssize_t got;

	while (have < sizeof(*frame)) {
		got = read(fd, (uint8_t *)frame + have, sizeof(*frame) - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return have || got < 0 ? -EPROTO : 0;
		have += (size_t)got;
	}
	return 1;
}

static void feed_kernel(int rng, struct feeder_frame *frame,
			struct feeder_reply *reply)
{
	if (ioctl(rng, RNDADDENTROPY, &frame->credit_bits) < 0)
		reply->add = -errno;
	if (!reply->add && ioctl(rng, RNDRESEEDCRNG) < 0)
		reply->reseed = -errno;
}

int feeder_serve(int in, int out, int rng, struct feeder_frame *frame)
{
	struct feeder_reply reply;
	int r;

	for (;;) {
		r = read_frame(in, frame);
		if (r <= 0)
			break;
		reply = (struct feeder_reply){ .magic = FEEDER_REPLY_MAGIC };
		r = feeder_check_frame(frame);
		if (r)
			reply.add = r;
		else
			feed_kernel(rng, frame, &reply);
		explicit_bzero(frame, sizeof(*frame));
		if (write(out, &reply, sizeof(reply)) != sizeof(reply) || r) {
			r = -EPROTO;
			break;
		}
	}
	explicit_bzero(frame, sizeof(*frame));
	return r;
}

/* Before Linux 4.17 it was not known; before the RNG is ready it has no use. */
static bool reseed_permitted(int rng)
{
	return ioctl(rng, RNDRESEEDCRNG) == 0 || errno == ENODATA ||
	       errno == EINVAL || errno == ENOTTY;
}

int feeder_prove_permission(int rng)
{
	/*
	 * The kernel looks for the capability, then at the credit, which it
	 * refuses when it is negative, and then at bytes (random_ioctl() of
	 * drivers/char/random.c, 2.6 to 6.18).
	 */
	const int32_t no_feed[] = { -1 /* credit */, 0 /* size */ };

	if (ioctl(rng, RNDADDENTROPY, no_feed) == 0)
		return -EPROTO;
	if (errno != EINVAL || !reseed_permitted(rng))
		return -errno;
	return 0;
}

static int open_rng(void)
{
	int fd = open("/dev/random", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* What needs calls that the filter does not allow. */
static struct feeder_hello take_rights(struct feeder_frame **frame, int *rng)
{
	struct feeder_hello h = { .magic = FEEDER_HELLO_MAGIC };

	h.stage = FEEDER_MEMORY;
	*frame = secmem_alloc(sizeof(**frame));
	if (!*frame) {
		h.err = -errno;
		return h;
	}
	h.stage = FEEDER_RNG;
	*rng = open_rng();
	if (*rng < 0) {
		h.err = *rng;
		return h;
	}
	h.stage = FEEDER_CAPS;
	h.err = caps_limit_proven(1ull << CAP_SYS_ADMIN);
	return h;
}

static void enter_filter(struct feeder_hello *h)
{
	h->stage = FEEDER_FILTER;
	h->err = confine_syscalls();
	if (h->err)
		return;
	h->stage = FEEDER_EFFECT;
	h->err = confine_effective();
}

void feeder_child(int in, int out, bool sandbox)
{
	struct feeder_frame *frame;
	struct feeder_hello h;
	int rng = -1;
	sigset_t all;

	/*
	 * The parent decides when it is over: a ^C or a service manager's
	 * SIGTERM to the whole group must not look like a dead feeder.
	 */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	h = take_rights(&frame, &rng);
	confine_descriptors(in, out, rng);
	if (!h.err && sandbox)
		enter_filter(&h);
	if (!h.err) {
		h.stage = FEEDER_PERMISSION;
		h.err = feeder_prove_permission(rng);
	}
	if (!h.err)
		h.stage = FEEDER_READY;
	if (write(out, &h, sizeof(h)) != sizeof(h) || h.err)
		confine_exit(1);
	confine_exit(feeder_serve(in, out, rng, frame) ? 1 : 0);
}
