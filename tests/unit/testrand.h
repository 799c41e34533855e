/*
 * testrand.h - numbers for tests that draw them, from a seed that is printed
 *
 * TEST_SEED=N in the environment repeats a run.  SplitMix64 (Steele, Lea and
 * Flood, 2014); not for secrets.
 */
#ifndef TESTS_UNIT_TESTRAND_H
#define TESTS_UNIT_TESTRAND_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct testrand {
	uint64_t state;
};

static inline struct testrand testrand_new(const char *test)
{
	const char *given = getenv("TEST_SEED");
	struct timespec now;
	struct testrand r;

	clock_gettime(CLOCK_REALTIME, &now);
	r.state = given ? strtoull(given, NULL, 0)
			: (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 30;
	fprintf(stderr, "%s: TEST_SEED=%llu\n", test,
		(unsigned long long)r.state);
	return r;
}

static inline uint64_t testrand_u64(struct testrand *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* 0..limit - 1 */
static inline size_t testrand_below(struct testrand *r, size_t limit)
{
	return (size_t)(testrand_u64(r) % limit);
}

/* 1 with the given probability. */
static inline int testrand_chance(struct testrand *r, double probability)
{
	return (double)(testrand_u64(r) >> 11) * 0x1p-53 < probability;
}

static inline void testrand_fill(struct testrand *r, uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf[i] = (uint8_t)testrand_u64(r);
}

#endif /* TESTS_UNIT_TESTRAND_H */
