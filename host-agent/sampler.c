/*
 * sampler.c - tests, quarantine and conditioning of one device's samples
 *
 * Samples are tested as they arrive, so that a failure is known at the failing
 * sample, and leave quarantine by whole windows only.
 */
#include "host-agent/sampler.h"

#include <errno.h>
#include <string.h>

#include "common/dup.h"
#include "common/estimate.h"
#include "common/secmem.h"
#include "host-agent/condition.h"
#include "host-agent/pool.h"

/* In secmem as a whole: most of it is, or was computed from, raw samples. */
struct sampler {
	struct pool *pool; /* not ours */
	struct condition *cond;
	struct health health;
	struct dup *dup;
	struct estimate estimate;
	struct trend trend;
	struct fips fips;
	struct sampler_stats stats;
	unsigned int device;
	uint64_t startup_left;
	sampler_divert_fn divert; /* NULL: to the conditioner */
	void *divert_ctx;
	uint64_t reset_released; /* released() at the last reset */
	size_t have;		 /* samples in window */
	uint8_t window[SAMPLER_WINDOW];
	uint8_t block[CONDITION_OUT];
};

_Static_assert(CONDITION_OUT == POOL_BLOCK, "one hash is one block");
_Static_assert(SAMPLER_STARTUP % SAMPLER_WINDOW == 0, "start-up is windows");
_Static_assert(SAMPLER_WINDOW % DUP_BLOCK == 0 &&
		       ESTIMATE_WINDOW % SAMPLER_WINDOW == 0,
	       "quarantine, duplicates and trends keep step");
_Static_assert(SAMPLER_WINDOW % HEALTH_APT_BYTE_WINDOW == 0 &&
		       SAMPLER_WINDOW * 8 % HEALTH_APT_BIT_WINDOW == 0,
	       "a quarantine window ends where windows of the APT end");

struct sampler *sampler_new(const struct sampler_conf *conf, struct pool *pool)
{
	struct health_cutoffs cut;
	struct sampler *s;

	if (health_cutoffs(&cut, conf->h_byte_millibits,
			   conf->h_bit_millibits)) {
		errno = EINVAL;
		return NULL;
	}
	s = secmem_alloc(sizeof(*s));
	if (!s)
		return NULL;
	s->cond = condition_new(conf->h_byte_millibits);
	s->dup = s->cond ? dup_new() : NULL;
	if (!s->dup) {
		int err = errno;

		sampler_free(s);
		errno = err;
		return NULL;
	}
	s->pool = pool;
	s->device = conf->device;
	s->startup_left = SAMPLER_STARTUP;
	s->stats.failed_test = SAMPLER_TESTS;
	health_init(&s->health, &cut);
	fips_init(&s->fips);
	/* neither refuses what health_cutoffs() has accepted */
	trend_init(&s->trend, conf->h_byte_millibits, conf->h_bit_millibits);
	estimate_init(&s->estimate, ESTIMATE_WINDOW);
	return s;
}

void sampler_divert(struct sampler *s, sampler_divert_fn fn, void *ctx)
{
	s->divert = fn;
	s->divert_ctx = ctx;
}

static void break_row(struct sampler *s)
{
	if (s->divert)
		s->divert(s->divert_ctx, NULL, 0);
}

void sampler_free(struct sampler *s)
{
	if (!s)
		return;
	break_row(s);
	condition_free(s->cond);
	dup_free(s->dup);
	secmem_free(s);
}

/* Wipes every sample that is not behind a passed window and conditioned. */
static void wipe_quarantine(struct sampler *s)
{
	s->stats.wiped_samples += s->have;
	s->have = 0;
	explicit_bzero(s->window, sizeof(s->window));
	explicit_bzero(s->block, sizeof(s->block));
	condition_reset(s->cond);
	fips_forget_block(&s->fips);
	dup_break(s->dup);
	estimate_reset(&s->estimate);
	break_row(s);
}

/* Samples that left quarantine. */
static uint64_t released(const struct sampler_stats *st)
{
	return st->startup_samples + st->conditioned_samples +
	       st->surplus_samples + st->captured_samples;
}

void sampler_reset(struct sampler *s)
{
	wipe_quarantine(s);
	s->stats.reset_samples = s->stats.samples;
	s->reset_released = released(&s->stats);
	health_reset(&s->health);
	s->startup_left = SAMPLER_STARTUP;
	s->stats.state = SAMPLER_STARTING;
	s->stats.resets++;
}

void sampler_forget_blocks(struct sampler *s)
{
	dup_reset(s->dup);
}

void sampler_forget_trend(struct sampler *s)
{
	estimate_reset(&s->estimate);
	trend_reset(&s->trend);
}

void sampler_set_baseline(struct sampler *s, const struct trend_baseline *b)
{
	trend_set_baseline(&s->trend, b);
}

static void fail(struct sampler *s, unsigned int test, uint64_t at)
{
	s->stats.state = SAMPLER_FAILED;
	s->stats.failed_test = test;
	s->stats.failed_at = at;
	s->stats.failed_sample = s->stats.reset_samples + at;
	s->stats.failed_released = released(&s->stats) - s->reset_released -
				   (at - 1) / SAMPLER_WINDOW * SAMPLER_WINDOW;
	s->stats.failures[test]++;
	s->stats.permanent = test == SAMPLER_TREND;
	s->stats.settled = test >= HEALTH_TESTS;
	wipe_quarantine(s);
}

/* Goes on counting a failure of the health tests for the permanent level. */
static void watch(struct sampler *s, const uint8_t *raw, size_t len)
{
	if (s->stats.settled)
		return;
	health_feed(&s->health, raw, len);
	s->stats.permanent = s->health.permanent;
	s->stats.settled = s->health.settled;
}

/* The passed window goes to the pool as far as that has room.  0 or -EIO. */
static int condition_window(struct sampler *s)
{
	const uint8_t *raw = s->window;
	size_t len = s->have;
	int ret = 0;

	while (len > 0 && pool_blocks(s->pool) < pool_capacity(s->pool)) {
		size_t before = len;

		ret = condition_feed(s->cond, &raw, &len, s->block);
		s->stats.conditioned_samples += before - len;
		if (ret < 0)
			break;
		if (ret == 1) {
			pool_put(s->pool, s->block, s->device);
			s->stats.blocks++;
		}
		ret = 0;
	}
	if (ret == 0) {
		s->stats.surplus_samples += len;
		len = 0;
	}
	s->have = len; /* what libcrypto's failure leaves is quarantined */
	return ret;
}

/* A whole window has passed every test.  0 or -EIO. */
static int release_window(struct sampler *s)
{
	if (s->stats.state == SAMPLER_RUNNING && s->divert) {
		s->stats.captured_samples += s->have;
		s->divert(s->divert_ctx, s->window, s->have);
	} else if (s->stats.state == SAMPLER_RUNNING) {
		int ret = condition_window(s);

		if (ret)
			return ret;
	} else {
		s->stats.startup_samples += s->have;
		s->startup_left -= s->have;
		if (s->startup_left == 0)
			s->stats.state = SAMPLER_RUNNING;
	}
	explicit_bzero(s->window, sizeof(s->window));
	s->have = 0;
	return 0;
}

/*
 * The place behind the first block that was seen before these samples, the n
 * of the window that end at end; 0 if there is none.  A reset moves the blocks
 * of a repeated stream, so all 16 places count: at H = 4 a false alarm is
 * 2^-40 a start-up test.
 */
static size_t find_known_block(struct sampler *s, size_t end, size_t n)
{
	for (size_t at = end - n + 1; at <= end; at++)
		if (at >= DUP_BLOCK &&
		    dup_knows(s->dup, s->window + at - DUP_BLOCK))
			return at;
	return 0;
}

/* The health tests have counted these samples already.  0 or -EIO. */
static int look_for_duplicates(struct sampler *s, const uint8_t *raw,
			       size_t len)
{
	size_t start = s->have - len, known = 0;

	/* by blocks, so that a failure is placed to the block */
	for (size_t n, at = 0; at < len; at += n) {
		n = DUP_BLOCK - (start + at) % DUP_BLOCK;
		if (n > len - at)
			n = len - at;
		if (s->stats.state == SAMPLER_STARTING)
			known = find_known_block(s, start + at + n, n);
		if (dup_feed(s->dup, raw + at, n) && !known)
			known = start + at + n;
		if (known) {
			fail(s, SAMPLER_DUP,
			     s->health.samples - s->have + known);
			return -EIO;
		}
	}
	return 0;
}

/* Figures only; the block tests never decide. */
static void count_fips(struct sampler *s, const uint8_t *raw, size_t len)
{
	uint64_t before = s->fips.blocks;
	unsigned int bad = fips_feed(&s->fips, raw, len);

	if (s->fips.blocks != before)
		trend_add_blocks(&s->trend, s->fips.blocks - before, bad);
}

/* 0 or -EIO. */
static int follow_trend(struct sampler *s, const uint8_t *raw, size_t len)
{
	enum trend_verdict verdict;

	count_fips(s, raw, len);
	estimate_feed(&s->estimate, raw, len);
	if (s->estimate.samples < ESTIMATE_WINDOW)
		return 0;
	verdict = trend_add_window(&s->trend, &s->estimate);
	estimate_reset(&s->estimate);
	if (verdict != TREND_FAIL)
		return 0;
	fail(s, SAMPLER_TREND, s->health.samples);
	return -EIO;
}

/* The last len samples of the window.  0 or -EIO. */
static int test_samples(struct sampler *s, size_t len)
{
	const uint8_t *raw = s->window + s->have - len;

	if (health_feed(&s->health, raw, len) < 0) {
		fail(s, s->health.failed, s->health.failed_at);
		s->stats.permanent = s->health.permanent;
		s->stats.settled = s->health.settled;
		return -EIO;
	}
	if (look_for_duplicates(s, raw, len) < 0)
		return -EIO;
	return follow_trend(s, raw, len);
}

int sampler_feed(struct sampler *s, const uint8_t *raw, size_t len)
{
	s->stats.samples += len;
	while (len > 0 && s->stats.state != SAMPLER_FAILED) {
		size_t n = SAMPLER_WINDOW - s->have;

		if (n > len)
			n = len;
		memcpy(s->window + s->have, raw, n);
		s->have += n;
		raw += n;
		len -= n;
		if (test_samples(s, n) == 0 && s->have == SAMPLER_WINDOW &&
		    release_window(s) < 0)
			fail(s, SAMPLER_CRYPTO, s->health.samples);
	}
	s->stats.wiped_samples += len;
	if (s->stats.state != SAMPLER_FAILED)
		return 0;
	watch(s, raw, len);
	return -EIO;
}

const char *sampler_test_name(unsigned int test)
{
	switch (test) {
	case SAMPLER_DUP:
		return "dup";
	case SAMPLER_TREND:
		return "trend";
	case SAMPLER_CRYPTO:
		return "conditioning";
	}
	return test < HEALTH_TESTS ? health_test_name(test) : "none";
}

void sampler_stats(const struct sampler *s, struct sampler_stats *out)
{
	*out = s->stats;
	out->fips = &s->fips;
	out->trend = &s->trend;
}
