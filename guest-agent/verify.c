#include "guest-agent/verify.h"

#include <errno.h>
#include <string.h>

#include "common/secmem.h"

/* On good data 3 failures in 10 blocks happen once in 1.6e7 (p = 6e-8). */
#define TREND_BLOCKS 10
#define TREND_BAD    3

struct verify *verify_new(void)
{
	struct health_cutoffs cut;
	struct verify *v;
	int r = health_cutoffs(&cut, VERIFY_H_BYTE, VERIFY_H_BIT);

	if (r) {
		errno = -r;
		return NULL;
	}
	v = secmem_alloc(sizeof(*v));
	if (!v)
		return NULL;
	v->dup = dup_new();
	if (!v->dup) {
		int saved = errno;

		secmem_free(v);
		errno = saved;
		return NULL;
	}
	v->failed = VERIFY_TESTS;
	health_init(&v->health, &cut);
	fips_init(&v->fips);
	return v;
}

void verify_free(struct verify *v)
{
	if (!v)
		return;
	dup_free(v->dup);
	secmem_free(v);
}

void verify_restart(struct verify *v)
{
	v->started = false;
	health_reset(&v->health);
	fips_forget_block(&v->fips);
}

size_t verify_window_size(const struct verify *v, size_t feed_bytes)
{
	size_t size = (feed_bytes + DUP_BLOCK - 1) / DUP_BLOCK * DUP_BLOCK;

	return v->started || size > VERIFY_STARTUP ? size : VERIFY_STARTUP;
}

/* A window is shorter than a FIPS block, so it completes one at most. */
static void follow_trend(struct verify *v, const uint8_t *window, size_t len)
{
	uint64_t before = v->fips.blocks;
	unsigned int bad = fips_feed(&v->fips, window, len);
	unsigned int mask = (1u << TREND_BLOCKS) - 1;

	if (v->fips.blocks == before)
		return;
	v->recent = (uint16_t)(((v->recent << 1) | (bad != 0)) & mask);
	v->trend_bad = __builtin_popcount(v->recent) >= TREND_BAD;
}

int verify_window(struct verify *v, uint8_t *window, size_t len)
{
	v->failed = VERIFY_TESTS;
	follow_trend(v, window, len);
	/* Both look at the window, so that a replay is remembered whole. */
	if (dup_feed(v->dup, window, len))
		v->failed = VERIFY_DUPLICATE;
	if (health_feed(&v->health, window, len))
		v->failed = (enum verify_test)v->health.failed;
	if (v->failed != VERIFY_TESTS) {
		v->failures[v->failed]++;
		explicit_bzero(window, len);
		verify_restart(v);
		return -EIO;
	}
	v->started = true;
	v->bytes += len;
	v->windows++;
	return 0;
}

const char *verify_test_name(enum verify_test t)
{
	if (t == VERIFY_DUPLICATE)
		return "duplicate";
	return health_test_name(t == VERIFY_TESTS ? HEALTH_TESTS
						  : (enum health_test)t);
}
