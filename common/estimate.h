/*
 * estimate.h - min-entropy estimators of SP 800-90B 6.3 that are cheap enough
 * to run all the time, over windows of raw samples
 *
 * Most common value on bytes and bits, collision and Markov on bits (most
 * significant bit first).  Their results are trends to watch and to show,
 * never entropy credit: H is configured and stays.  Holds counts and the
 * last two bits; reset wipes them.  Pure: libc and libm only.
 */
#ifndef COMMON_ESTIMATE_H
#define COMMON_ESTIMATE_H

#include <stddef.h>
#include <stdint.h>

#define ESTIMATE_WINDOW 65536 /* bytes; what trends are computed over */
#define ESTIMATE_MAX	(UINT32_MAX / 8) /* bytes in a longer window */

#define ESTIMATE_STATES 4 /* of the collision estimator's walk */

struct estimate_step {
	uint8_t next, pairs, triples;
};

struct estimate {
	size_t window;	/* bytes when it is full */
	size_t samples; /* bytes in it */
	/* the rest is private to estimate.c */
	uint32_t count[256];
	uint32_t joint[2][2]; /* last bit of a byte, first bit of the next */
	uint32_t pairs, triples;
	uint8_t state, last_bit;
	struct estimate_step step[ESTIMATE_STATES][256];
};

/* H in bits per byte (byte_) or per bit; probabilities as the standard's. */
struct estimate_result {
	uint64_t samples;   /* bytes */
	uint64_t byte_mode; /* how often the most common byte came */
	double byte_p_u, byte_h;
	uint64_t ones;	   /* of 8 samples bits */
	uint64_t bit_mode; /* the more common bit */
	double bit_p_u, bit_h;
	uint64_t same;		/* bits like the bit before, of 8 samples - 1 */
	uint64_t collisions;	/* v of 6.3.2 */
	double collision_mean;	/* X-bar */
	double collision_bound; /* X-bar' */
	double collision_p, collision_h;
	double p0, p00, p10; /* of 6.3.3 */
	double markov_h;
};

/* window: 2..ESTIMATE_MAX bytes.  0 or -EINVAL. */
int estimate_init(struct estimate *e, size_t window);

/* Empties the window and forgets the last sample. */
void estimate_reset(struct estimate *e);

/* Takes samples until the window is full; returns how many it took. */
size_t estimate_feed(struct estimate *e, const uint8_t *raw, size_t len);

/* Over what is in the window.  0, or -EAGAIN with fewer than two samples. */
int estimate_result(const struct estimate *e, struct estimate_result *out);

#endif /* COMMON_ESTIMATE_H */
