/*
 * sampler.c - tests, quarantine and conditioning of one device's samples
 *
 * Samples are tested as they arrive, so that a failure is known at the failing
 * sample, and leave quarantine by whole windows only.
 */
#include "host-agent/sampler.h"

#include <errno.h>
#include <string.h>

#include "common/secmem.h"
#include "host-agent/condition.h"
#include "host-agent/pool.h"

/* In secmem as a whole: most of it is, or was computed from, raw samples. */
struct sampler {
	struct pool *pool; /* not ours */
	struct condition *cond;
	struct health health;
	struct fips fips;
	struct sampler_stats stats;
	unsigned int device;
	uint64_t startup_left;
	size_t have; /* samples in window */
	uint8_t window[SAMPLER_WINDOW];
	uint8_t block[CONDITION_OUT];
};

_Static_assert(CONDITION_OUT == POOL_BLOCK, "one hash is one block");
_Static_assert(SAMPLER_STARTUP % SAMPLER_WINDOW == 0, "start-up is windows");
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
	if (!s->cond) {
		int err = errno;

		sampler_free(s);
		errno = err;
		return NULL;
	}
	s->pool = pool;
	s->device = conf->device;
	s->startup_left = SAMPLER_STARTUP;
	s->stats.failed_test = HEALTH_TESTS;
	health_init(&s->health, &cut);
	fips_init(&s->fips);
	return s;
}

void sampler_free(struct sampler *s)
{
	if (!s)
		return;
	condition_free(s->cond);
	secmem_free(s);
}

/* Wipes the block that fips is collecting; its counts go on. */
static void forget_fips_block(struct fips *f)
{
	uint64_t blocks = f->blocks, failures = f->failures;
	uint64_t failed[FIPS_TESTS];

	memcpy(failed, f->failed, sizeof(failed));
	fips_init(f);
	f->blocks = blocks;
	f->failures = failures;
	memcpy(f->failed, failed, sizeof(failed));
}

/* Wipes every sample that is not behind a passed window and conditioned. */
static void wipe_quarantine(struct sampler *s)
{
	s->stats.wiped_samples += s->have;
	s->have = 0;
	explicit_bzero(s->window, sizeof(s->window));
	explicit_bzero(s->block, sizeof(s->block));
	condition_reset(s->cond);
	forget_fips_block(&s->fips);
}

void sampler_reset(struct sampler *s)
{
	wipe_quarantine(s);
	health_reset(&s->health);
	s->startup_left = SAMPLER_STARTUP;
	s->stats.state = SAMPLER_STARTING;
	s->stats.resets++;
}

static void fail(struct sampler *s)
{
	s->stats.state = SAMPLER_FAILED;
	s->stats.failed_test = s->health.failed;
	if (s->health.failed == HEALTH_TESTS) {
		s->stats.failed_at = s->health.samples; /* libcrypto did */
	} else {
		s->stats.failed_at = s->health.failed_at;
		s->stats.failures[s->health.failed]++;
	}
	wipe_quarantine(s);
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
	if (s->stats.state == SAMPLER_RUNNING) {
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

int sampler_feed(struct sampler *s, const uint8_t *raw, size_t len)
{
	s->stats.samples += len;
	while (len > 0 && s->stats.state != SAMPLER_FAILED) {
		size_t n = SAMPLER_WINDOW - s->have;
		int ret;

		if (n > len)
			n = len;
		memcpy(s->window + s->have, raw, n);
		s->have += n;
		raw += n;
		len -= n;
		fips_feed(&s->fips, s->window + s->have - n, n);
		ret = health_feed(&s->health, s->window + s->have - n, n);
		if (ret == 0 && s->have == SAMPLER_WINDOW)
			ret = release_window(s);
		if (ret)
			fail(s);
	}
	s->stats.wiped_samples += len;
	return s->stats.state == SAMPLER_FAILED ? -EIO : 0;
}

void sampler_stats(const struct sampler *s, struct sampler_stats *out)
{
	*out = s->stats;
	out->fips = &s->fips;
}
