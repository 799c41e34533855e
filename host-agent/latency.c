#include "host-agent/latency.h"

#include <stddef.h>

/* log2(LATENCY_SUB): bits of a value that are told apart below its first. */
#define SUB_BITS 3

static size_t bucket_of(uint64_t us)
{
	unsigned int top;

	if (us < LATENCY_SUB)
		return (size_t)us;
	if (us >> LATENCY_BITS)
		return LATENCY_BUCKETS - 1;
	top = 63 - (unsigned int)__builtin_clzll(us);
	return LATENCY_SUB + (size_t)(top - SUB_BITS) * LATENCY_SUB +
	       (size_t)((us >> (top - SUB_BITS)) & (LATENCY_SUB - 1));
}

/* The largest value that falls into bucket i. */
static uint64_t bucket_bound(size_t i)
{
	size_t shift;

	if (i < LATENCY_SUB)
		return i;
	shift = (i - LATENCY_SUB) / LATENCY_SUB;
	return ((uint64_t)(LATENCY_SUB + i % LATENCY_SUB + 1) << shift) - 1;
}

void latency_add(struct latency *l, uint64_t us)
{
	if (l->marked) {
		l->first_us = us;
		l->known = true;
		l->marked = false;
	}
	l->count++;
	l->bucket[bucket_of(us)]++;
	if (us > l->max_us)
		l->max_us = us;
}

void latency_mark(struct latency *l)
{
	l->marked = true;
	l->known = false;
}

uint64_t latency_permille(const struct latency *l, unsigned int permille)
{
	uint64_t rank = (l->count * permille + 999) / 1000, seen = 0;
	size_t i;

	for (i = 0; i < LATENCY_BUCKETS && l->count; i++) {
		seen += l->bucket[i];
		if (seen && seen >= rank)
			return bucket_bound(i) < l->max_us ? bucket_bound(i)
							   : l->max_us;
	}
	return 0;
}
