/*
 * feeder.h - the process that may feed the kernel, and the way to it
 *
 * The only code of the guest agent that needs a right (CAP_SYS_ADMIN).  It
 * reads frames of one size from a pipe, makes two ioctls of each and answers
 * with one reply; confine.h is around it.  A frame is its own struct
 * rand_pool_info, so the bytes are not copied once more.
 */
#ifndef GUEST_FEEDER_H
#define GUEST_FEEDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A signal may cut the kernel's copy short at a page boundary and turn a feed
 * into EFAULT; 512 bytes stay clear of that (Linux 6.x drivers/char/random.c).
 */
#define FEEDER_PAYLOAD_MAX 512
#define FEEDER_MAGIC	   0x4f4e4546u /* frame */
#define FEEDER_REPLY_MAGIC 0x4f4e4552u

struct feeder_frame {
	uint32_t magic;
	int32_t credit_bits; /* 0..8 * size */
	int32_t size;	     /* 1..FEEDER_PAYLOAD_MAX */
	uint8_t data[FEEDER_PAYLOAD_MAX];
};

struct feeder_reply {
	uint32_t magic;
	int32_t add;	/* RNDADDENTROPY: 0 or -errno */
	int32_t reseed; /* RNDRESEEDCRNG: 0 or -errno; -ENODATA: not ready */
};

/* 0, or -EPROTO (magic), -EMSGSIZE (size), -ERANGE (credit). */
int feeder_check_frame(const struct feeder_frame *frame);

/*
 * The child's loop: frames from in, replies to out, ioctls on rng; frame is
 * the memory to work in, wiped after every use.  0 at the end of in, -EPROTO
 * after a frame that was refused (the refusal is answered) or cut short.
 */
int feeder_serve(int in, int out, int rng, struct feeder_frame *frame);

struct feeder {
	pid_t pid;
	int to, from;  /* -1 when there is none; from hangs up when it dies */
	bool filtered; /* the system call filter is on */
	struct feeder_frame *frame;
};

/*
 * Starts the process; to be called with all signals blocked that the caller
 * handles.  0 or -errno (no memory, no /dev/random, capset refused).
 */
int feeder_start(struct feeder *f);

/*
 * Feeds len bytes (1..FEEDER_PAYLOAD_MAX) with credit_bits and waits for the
 * reply.  0 when *reply was filled; else -errno, and the feeder is gone.
 */
int feeder_feed(struct feeder *f, const uint8_t *data, size_t len,
		unsigned int credit_bits, struct feeder_reply *reply);

/* Ends the process by closing its pipe; a feeder never started is fine. */
void feeder_stop(struct feeder *f);

#endif /* GUEST_FEEDER_H */
