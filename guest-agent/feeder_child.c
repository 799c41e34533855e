/*
 * feeder_child.c - what runs in the feeder process
 *
 * Between two frames nothing is kept.  A frame that is not as it must be ends
 * the process: only a broken or taken-over parent sends one.
 */
#include "guest-agent/feeder.h"

#include <errno.h>
#include <linux/random.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

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
