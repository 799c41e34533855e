/*
 * bucket.h - a token bucket in exact integers
 *
 * Tokens are bytes; what a microsecond adds in fractions is carried over, so
 * nothing drifts however often or seldom the bucket is looked at.  Time is an
 * argument (monotonic microseconds; going back counts as standing still).
 */
#ifndef HOST_AGENT_BUCKET_H
#define HOST_AGENT_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

/* Larger rates and sizes are cut to this; nobody can tell the difference. */
#define BUCKET_MAX INT64_MAX

struct bucket {
	uint64_t rate; /* bytes a second; 0: no limit, never empty */
	int64_t size;
	int64_t tokens;	  /* <= size; below 0: overdrawn */
	uint64_t frac;	  /* millionths of a byte, < 1000000 */
	uint64_t last_us; /* when tokens was right */
};

/* Full. */
void bucket_init(struct bucket *b, uint64_t rate, uint64_t size,
		 uint64_t now_us);

/* What was earned or overdrawn so far stays, cut to the new size. */
void bucket_set(struct bucket *b, uint64_t rate, uint64_t size,
		uint64_t now_us);

/*
 * Takes bytes if that leaves -overdraft or more.  A bucket smaller than
 * bytes - overdraft never gives.  Both are below 2^31.
 */
bool bucket_take(struct bucket *b, uint32_t bytes, uint32_t overdraft,
		 uint64_t now_us);

/*
 * The first moment at which bucket_take() with the same arguments succeeds:
 * now or earlier if it would by now, UINT64_MAX if the clock ends before.
 */
uint64_t bucket_when(struct bucket *b, uint32_t bytes, uint32_t overdraft,
		     uint64_t now_us);

#endif /* HOST_AGENT_BUCKET_H */
