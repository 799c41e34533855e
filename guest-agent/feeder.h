/*
 * feeder.h - the process that may feed the kernel, and the way to it
 *
 * The only code of the guest agent that needs CAP_SYS_ADMIN, which the kernel
 * looks for at each ioctl: an open descriptor alone permits nothing.  It
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
#define FEEDER_HELLO_MAGIC 0x4f4e4548u

/*
 * What the feeder needs and gives up at its start, each proven before the
 * next; of what stands behind the first that fails nothing is known.
 */
enum feeder_stage {
	FEEDER_PROCESS,	   /* pipes, fork, a first message */
	FEEDER_MEMORY,	   /* locked memory for a frame */
	FEEDER_RNG,	   /* /dev/random is open */
	FEEDER_CAPS,	   /* no capability is left but CAP_SYS_ADMIN */
	FEEDER_FILTER,	   /* a system call filter could be had */
	FEEDER_EFFECT,	   /* it has refused what it must refuse */
	FEEDER_PERMISSION, /* the kernel permits both ioctls */
	FEEDER_READY,
};

/* The first message. */
struct feeder_hello {
	uint32_t magic;
	int32_t stage; /* the one that failed, or FEEDER_READY */
	int32_t err;   /* of that: -errno; 0 */
};

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
 * Does the kernel permit RNDADDENTROPY and RNDRESEEDCRNG on rng?  Feeds nothing;
 * a kernel that is ready reseeds.  0 or -errno, -EPERM without CAP_SYS_ADMIN in
 * the initial user namespace.
 */
int feeder_prove_permission(int rng);

/* The process: from its start to its end.  Does not return. */
void feeder_child(int in, int out, bool sandbox);

/*
 * The child's loop: frames from in, replies to out, ioctls on rng; frame is
 * the memory to work in, wiped after every use.  0 at the end of in, -EPROTO
 * after a frame that was refused (the refusal is answered) or cut short.
 */
int feeder_serve(int in, int out, int rng, struct feeder_frame *frame);

struct feeder {
	pid_t pid;
	int to, from; /* -1 when there is none; from hangs up when it dies */
	enum feeder_stage stage; /* how far feeder_start() came */
	struct feeder_frame *frame;
};

/*
 * Starts the process; to be called with all signals blocked that the caller
 * handles.  Without sandbox it has no system call filter.  0 and FEEDER_READY in
 * f->stage; else -errno of the stage that it says.
 */
int feeder_start(struct feeder *f, bool sandbox);

/*
 * Feeds len bytes (1..FEEDER_PAYLOAD_MAX) with credit_bits and waits for the
 * reply.  0 when *reply was filled; else -errno, and the feeder is gone.
 */
int feeder_feed(struct feeder *f, const uint8_t *data, size_t len,
		unsigned int credit_bits, struct feeder_reply *reply);

/* Ends the process by closing its pipe; a feeder never started is fine. */
void feeder_stop(struct feeder *f);

#endif /* GUEST_FEEDER_H */
