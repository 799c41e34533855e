#include "host-agent/sampler.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "host-agent/pool.h"
#include "tests/unit/testrand.h"

#define STARTUP SAMPLER_STARTUP
#define PERIOD	65520 /* the longest of whole blocks that the ring holds */

static const struct sampler_conf conf = { HEALTH_H_BYTE_DEFAULT,
					  HEALTH_H_BIT_DEFAULT, 0 };
static struct pool *pool;
static struct sampler *sampler;
static uint8_t stream[3 * 65536 + 64];

static void setup(void)
{
	struct testrand r = testrand_new("a source that repeats itself");

	testrand_fill(&r, stream, sizeof(stream));
	pool = pool_new(1000);
	sampler = sampler_new(&conf, pool);
	cr_assert_not_null(sampler);
}

static void teardown(void)
{
	sampler_free(sampler);
	pool_free(pool);
}

TestSuite(sampler_again, .init = setup, .fini = teardown);

static struct sampler_stats stats(void)
{
	struct sampler_stats st;

	sampler_stats(sampler, &st);
	return st;
}

static void replug(void)
{
	sampler_reset(sampler);
	sampler_forget_blocks(sampler);
}

Test(sampler_again, what_departed_may_come_again)
{
	cr_assert_eq(sampler_feed(sampler, stream, 2 * STARTUP), 0);
	replug();
	cr_assert_eq(sampler_feed(sampler, stream, 2 * STARTUP), 0);
}

/* What comes again is seen within 31 samples, wherever it is cut. */
Test(sampler_again, blocks_seen_before_a_reset_fail_the_start_up_test)
{
	for (size_t cut = 0; cut < 40; cut++) {
		replug();
		cr_assert_eq(sampler_feed(sampler, stream, STARTUP), 0);
		sampler_reset(sampler);
		cr_assert_eq(sampler_feed(sampler, stream + cut, STARTUP),
			     -EIO);
		cr_assert_eq(stats().failed_test, SAMPLER_DUP);
		cr_assert_eq(stats().failed_at, 16 + (16 - cut % 16) % 16);
		cr_assert_eq(stats().failed_released, 0);
	}
}

/* A row that is broken in the middle of a block: its rest is no block. */
Test(sampler_again, reset_forgets_an_unfinished_block)
{
	cr_assert_eq(sampler_feed(sampler, stream, 24), 0);
	sampler_reset(sampler);
	cr_assert_eq(sampler_feed(sampler, stream + 24, STARTUP), 0);
	sampler_reset(sampler);
	cr_assert_eq(sampler_feed(sampler, stream + 16, 16), 0);
}

/* Feeds it in USB packets; how many were not refused. */
static size_t run_until_failed(const uint8_t *raw, size_t len)
{
	size_t fed = 0;

	while (fed < len && sampler_feed(sampler, raw + fed, 64) == 0)
		fed += 64;
	return fed;
}

Test(sampler_again, a_source_that_repeats_itself_is_served_from_once)
{
	const size_t periods[] = { PERIOD, 16384 };
	uint8_t *raw = stream;
	uint64_t blocks;

	for (size_t i = 0; i < sizeof(periods) / sizeof(periods[0]); i++) {
		size_t period = periods[i], at;

		for (at = period; at < sizeof(stream); at++)
			raw[at] = raw[at - period];
		replug();
		at = run_until_failed(raw, sizeof(stream) / 64 * 64);
		cr_assert_eq(at, period / 64 * 64);
		blocks = stats().blocks;
		for (size_t again = 0; again < 5; again++) {
			/* the reader throws away an odd number of samples */
			at += 64 + 7296 + 5;
			sampler_reset(sampler);
			cr_assert_eq(run_until_failed(raw + at, STARTUP), 0);
			cr_assert_eq(stats().failed_test, SAMPLER_DUP);
			cr_assert_leq(stats().failed_at, 31);
		}
		cr_assert_eq(stats().blocks, blocks, "nothing more is served");
	}
}
