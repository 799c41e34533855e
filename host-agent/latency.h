/*
 * latency.h - a histogram of microseconds, eight buckets to a power of two
 *
 * Fixed size, no allocation; a percentile is exact below 8 us and at most
 * 12.5 % too high above.
 */
#ifndef HOST_AGENT_LATENCY_H
#define HOST_AGENT_LATENCY_H

#include <stdbool.h>
#include <stdint.h>

#define LATENCY_SUB	8  /* buckets to a power of two */
#define LATENCY_BITS	36 /* longer ones (19 h) count as 2^36 - 1 */
#define LATENCY_BUCKETS (LATENCY_SUB + (LATENCY_BITS - 3) * LATENCY_SUB)

struct latency {
	uint64_t count, max_us;
	uint64_t first_us;  /* of the first behind latency_mark() */
	bool marked, known; /* it will be the next; it is known */
	uint64_t bucket[LATENCY_BUCKETS];
};

void latency_add(struct latency *l, uint64_t us);

/* The next value is the first of something. */
void latency_mark(struct latency *l);

/*
 * The smallest bucket bound that permille of all values do not exceed, never
 * above max_us; 0 when nothing was counted.  permille: 0..1000.
 */
uint64_t latency_permille(const struct latency *l, unsigned int permille);

#endif /* HOST_AGENT_LATENCY_H */
