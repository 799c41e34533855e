/*
 * krng.h - what can be known of the kernel's random number generator
 *
 * By behaviour, never by version: kernels since 5.18, and older ones with the
 * backport, have a pool of 256 bits; its counter stays at 256 once the RNG is
 * ready and says nothing about demand.  A ready RNG never reports POLLOUT, so
 * nothing here, or anywhere else, waits for that.
 */
#ifndef GUEST_KRNG_H
#define GUEST_KRNG_H

#include <stddef.h>

#define KRNG_POOLSIZE_PATH "/proc/sys/kernel/random/poolsize"
#define KRNG_CURRENT_PATH  "/sys/class/misc/hw_random/rng_current"

enum krng_design {
	KRNG_UNKNOWN, /* no /proc, or an answer that is no number */
	KRNG_OLD,     /* input pool with a counter that reads drain */
	KRNG_NEW,     /* 256 bits, credit ignored once ready */
};

/* Bits, from the file at path; -errno, -EBADMSG for what is no number. */
int krng_poolsize(const char *path);

enum krng_design krng_design(int poolsize);
const char *krng_design_name(enum krng_design design);

/* fd is an open /dev/random.  RNDGETENTCNT: bits, or -errno. */
int krng_entropy(int fd);

/* fd is an open /dev/random.  1 ready, 0 not yet, or -errno; takes nothing. */
int krng_ready(int fd);

/*
 * Name of the driver behind /dev/hwrng, from the file at path ("none" where
 * the kernel has none).  0 or -errno; out is "" on an error.
 */
int krng_current(const char *path, char *out, size_t size);

#endif /* GUEST_KRNG_H */
