#include "host-agent/sampler.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "host-agent/condition.h"
#include "host-agent/pool.h"

#define W	   SAMPLER_WINDOW
#define STARTUP	   SAMPLER_STARTUP
#define BLOCK_IN   144 /* samples per block at H = 4 */
#define POOL	   1000
#define STREAM_MAX (STARTUP + 40 * W)

static const struct sampler_conf conf = { HEALTH_H_BYTE_DEFAULT,
					  HEALTH_H_BIT_DEFAULT, 3 };

/* libcrypto fails at the call with this number, 0: at none. */
static int fail_final_at, final_calls;

int EVP_DigestFinal_ex(EVP_MD_CTX *ctx, unsigned char *md, unsigned int *s)
{
	int (*real)(EVP_MD_CTX *, unsigned char *, unsigned int *);

	*(void **)&real = dlsym(RTLD_NEXT, "EVP_DigestFinal_ex");
	return real(ctx, md, s) && ++final_calls != fail_final_at;
}

/* Healthy samples: a generator (xorshift64*) that passes every test. */
static uint8_t stream[STREAM_MAX];

static void make_stream(void)
{
	uint64_t x = 0x9e3779b97f4a7c15;

	for (size_t i = 0; i < sizeof(stream); i++) {
		x ^= x >> 12;
		x ^= x << 25;
		x ^= x >> 27;
		stream[i] = (uint8_t)(x * 0x2545f4914f6cdd1d >> 56);
	}
}

static struct pool *pool;
static struct sampler *sampler;

static void setup(void)
{
	make_stream();
	pool = pool_new(POOL);
	sampler = sampler_new(&conf, pool);
	cr_assert_not_null(sampler);
}

static void teardown(void)
{
	sampler_free(sampler);
	pool_free(pool);
}

TestSuite(sampler, .init = setup, .fini = teardown);

static struct sampler_stats stats(void)
{
	struct sampler_stats st;
	uint64_t known;

	sampler_stats(sampler, &st);
	known = st.startup_samples + st.conditioned_samples + st.wiped_samples +
		st.surplus_samples + st.captured_samples;
	cr_assert_leq(known, st.samples);
	cr_assert_lt(st.samples - known, W, "a sample is unaccounted for");
	return st;
}

/* The same samples may come again. */
static void replug(void)
{
	sampler_reset(sampler);
	sampler_forget_blocks(sampler);
}

/* The pool holds the hashes of these samples, oldest first, and no more. */
static void expect_blocks_of(const uint8_t *raw, size_t len)
{
	struct condition *c = condition_new(conf.h_byte_millibits);
	uint8_t want[CONDITION_OUT], got[CONDITION_OUT];

	while (condition_feed(c, &raw, &len, want) == 1) {
		cr_assert_eq(pool_take(pool, got, NULL), 0);
		cr_assert_arr_eq(got, want, sizeof(want));
	}
	cr_assert_eq(pool_take(pool, got, NULL), -EAGAIN);
	condition_free(c);
}

Test(sampler, refuses_an_h_without_cutoffs)
{
	const struct sampler_conf bad[] = { { 4001, 800, 0 },
					    { 0, 800, 0 },
					    { 4000, 799, 0 },
					    { 8500, 800, 0 } };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errno = 0;
		cr_assert_null(sampler_new(&bad[i], pool));
		cr_assert_eq(errno, EINVAL);
	}
	sampler_free(NULL);
}

Test(sampler, throws_start_up_samples_away)
{
	cr_assert_eq(sampler_feed(sampler, stream, STARTUP - 1), 0);
	cr_assert_eq(stats().state, SAMPLER_STARTING);
	cr_assert_eq(sampler_feed(sampler, stream + STARTUP - 1, 1), 0);
	cr_assert_eq(stats().state, SAMPLER_RUNNING);
	cr_assert_eq(stats().startup_samples, STARTUP);
	cr_assert_eq(pool_blocks(pool), 0);
	cr_assert_eq(sampler_feed(sampler, stream + STARTUP, 4 * W), 0);
	expect_blocks_of(stream + STARTUP, 4 * W);
	cr_assert_eq(stats().conditioned_samples, 4 * W);
	cr_assert_eq(stats().blocks, 4 * W / BLOCK_IN);
}

Test(sampler, holds_a_window_until_its_last_sample_passed)
{
	cr_assert_eq(sampler_feed(sampler, stream, STARTUP + W - 1), 0);
	cr_assert_eq(pool_blocks(pool), 0);
	cr_assert_eq(stats().conditioned_samples, 0);
	cr_assert_eq(sampler_feed(sampler, stream + STARTUP + W - 1, 1), 0);
	cr_assert_eq(stats().conditioned_samples, W);
	expect_blocks_of(stream + STARTUP, W);
}

Test(sampler, gives_the_same_blocks_in_any_pieces)
{
	const size_t pieces[] = { 1, 2, 3, 62, 64, 511, 512, 513, 4096 };

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		replug();
		for (size_t at = 0; at < sizeof(stream); at += pieces[i]) {
			size_t n = sizeof(stream) - at;

			if (n > pieces[i])
				n = pieces[i];
			cr_assert_eq(sampler_feed(sampler, stream + at, n), 0);
		}
		expect_blocks_of(stream + STARTUP, sizeof(stream) - STARTUP);
	}
	cr_assert_eq(stats().resets, sizeof(pieces) / sizeof(pieces[0]));
}

/*
 * Makes sample number `at` the one at which the RCT on bytes fails: it ends a
 * run of C equal ones that differ in bits enough to spare the others.
 */
static void plant_rct_failure(size_t at)
{
	struct health_cutoffs cut;

	health_cutoffs(&cut, conf.h_byte_millibits, conf.h_bit_millibits);
	for (size_t i = 0; i < cut.c[HEALTH_RCT_BYTE]; i++)
		stream[at - i] = 0x69;
	stream[at - cut.c[HEALTH_RCT_BYTE]] = 0x96;
}

static void expect_failure_at(size_t at, size_t piece)
{
	size_t passed = at / W * W;
	size_t fed = 0;

	plant_rct_failure(at);
	for (; fed <= at; fed += piece) {
		size_t n = at + 2 * W - fed < piece ? at + 2 * W - fed : piece;
		int ret = sampler_feed(sampler, stream + fed, n);

		cr_assert_eq(ret, fed + n > at ? -EIO : 0, "at %zu", at);
	}
	cr_assert_eq(stats().state, SAMPLER_FAILED);
	cr_assert_eq(stats().failed_test, HEALTH_RCT_BYTE);
	cr_assert_eq(stats().failures[HEALTH_RCT_BYTE], 1);
	cr_assert_eq(stats().failed_at, at + 1);
	cr_assert_eq(stats().conditioned_samples, passed - STARTUP);
	cr_assert_eq(stats().startup_samples, STARTUP);
	cr_assert_eq(stats().wiped_samples + passed, stats().samples);
	expect_blocks_of(stream + STARTUP, passed - STARTUP);
	/* And it stays so, however good what follows may be. */
	make_stream();
	cr_assert_eq(sampler_feed(sampler, stream, sizeof(stream)), -EIO);
	cr_assert_eq(pool_blocks(pool), 0);
	cr_assert_eq(stats().state, SAMPLER_FAILED);
	cr_assert_eq(stats().wiped_samples + passed, stats().samples);
}

Test(sampler, nothing_of_a_failed_window_or_behind_it_gets_out)
{
	const size_t offsets[] = { 0, 1, 7, 8, 9, 255, 256, W - 2, W - 1 };
	const size_t pieces[] = { 1, 62, W - 1, W, W + 1, 3 * W, STREAM_MAX };

	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		for (size_t k = 0; k < sizeof(pieces) / sizeof(pieces[0]);
		     k++) {
			teardown();
			setup();
			expect_failure_at(STARTUP + 5 * W + offsets[i],
					  pieces[k]);
		}
	}
}

Test(sampler, failure_at_start_up_gives_nothing)
{
	const size_t at[] = { 9, W, STARTUP / 2, STARTUP - 1 };

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		teardown();
		setup();
		plant_rct_failure(at[i]);
		cr_assert_eq(sampler_feed(sampler, stream, sizeof(stream)),
			     -EIO);
		cr_assert_eq(pool_blocks(pool), 0);
		cr_assert_eq(stats().failed_at, at[i] + 1);
		cr_assert_eq(stats().startup_samples, at[i] / W * W);
	}
}

Test(sampler, reset_starts_again_with_start_up)
{
	plant_rct_failure(STARTUP + W + 100);
	cr_assert_eq(sampler_feed(sampler, stream, STARTUP + 2 * W), -EIO);
	pool_wipe_device(pool, conf.device);
	make_stream();
	replug();
	cr_assert_eq(stats().state, SAMPLER_STARTING);
	cr_assert_eq(stats().failed_test, HEALTH_RCT_BYTE, "history is kept");
	cr_assert_eq(sampler_feed(sampler, stream, STARTUP + 3 * W), 0);
	expect_blocks_of(stream + STARTUP, 3 * W);
	cr_assert_eq(stats().startup_samples, 2 * STARTUP);
	cr_assert_eq(stats().resets, 1);
}

Test(sampler, reset_wipes_quarantine_and_the_conditioners_input)
{
	/* One window: three blocks and 80 samples, then half a window. */
	cr_assert_eq(sampler_feed(sampler, stream, STARTUP + W + W / 2), 0);
	expect_blocks_of(stream + STARTUP, W);
	replug();
	cr_assert_eq(stats().wiped_samples, W / 2);
	cr_assert_eq(sampler_feed(sampler, stream, STARTUP + W), 0);
	expect_blocks_of(stream + STARTUP, W);
}

Test(sampler, full_pool_drops_tested_samples_before_conditioning)
{
	uint8_t block[POOL_BLOCK];

	teardown();
	make_stream();
	pool = pool_new(2);
	sampler = sampler_new(&conf, pool);
	cr_assert_eq(sampler_feed(sampler, stream, STARTUP + 10 * W), 0);
	cr_assert_eq(pool_blocks(pool), 2);
	cr_assert_eq(stats().conditioned_samples, 2 * BLOCK_IN);
	cr_assert_eq(stats().surplus_samples, 10 * W - 2 * BLOCK_IN);
	cr_assert_eq(stats().blocks, 2);
	cr_assert_eq(pool_take(pool, block, NULL), 0);
	cr_assert_eq(pool_take(pool, block, NULL), 0);
	/* Room again: the next window is used, and from its first sample. */
	cr_assert_eq(sampler_feed(sampler, stream + STARTUP + 10 * W, W), 0);
	expect_blocks_of(stream + STARTUP + 10 * W, 2 * BLOCK_IN);
	cr_assert_eq(stats().conditioned_samples, 4 * BLOCK_IN);
}

Test(sampler, full_pool_does_not_stop_the_tests)
{
	teardown();
	make_stream();
	pool = pool_new(1);
	sampler = sampler_new(&conf, pool);
	plant_rct_failure(STARTUP + 20 * W);
	cr_assert_eq(sampler_feed(sampler, stream, sizeof(stream)), -EIO);
	cr_assert_eq(stats().failed_at, STARTUP + 20 * W + 1);
}

Test(sampler, every_test_can_fail_it)
{
	/* What it is fed from the end of start-up on, and which test sees it.
	 */
	const struct {
		enum health_test test;
		uint8_t pattern[8];
		size_t len;
	} bad[] = {
		{ HEALTH_RCT_BYTE, { 0x69 }, 1 },
		{ HEALTH_RCT_BIT, { 0, 0, 0, 0, 0, 0, 0, 0x01 }, 8 },
		{ HEALTH_APT_BYTE, { 0x69, 0xa5, 0x69, 0x3c }, 4 },
		{ HEALTH_APT_BIT, { 0xfb, 0xdf, 0x7f, 0xf7, 0xee, 0xdd }, 6 },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		teardown();
		setup();
		for (size_t k = 0; k < 2 * W; k++)
			stream[STARTUP + k] = bad[i].pattern[k % bad[i].len];
		cr_assert_eq(sampler_feed(sampler, stream, STARTUP + 2 * W),
			     -EIO);
		cr_assert_eq(stats().failures[bad[i].test], 1, "%s",
			     health_test_name(bad[i].test));
		cr_assert_eq(stats().failed_test, bad[i].test);
		cr_assert_eq(pool_blocks(pool), 0);
	}
}

Test(sampler, libcrypto_failure_fails_it_closed)
{
	uint8_t block[POOL_BLOCK];

	fail_final_at = final_calls + 2;
	cr_assert_eq(sampler_feed(sampler, stream, STARTUP + 4 * W), -EIO);
	cr_assert_eq(stats().state, SAMPLER_FAILED);
	cr_assert_eq(stats().failed_test, SAMPLER_CRYPTO);
	cr_assert_eq(stats().failed_at, STARTUP + W);
	cr_assert_eq(stats().blocks, 1);
	cr_assert_eq(pool_take(pool, block, NULL), 0);
	cr_assert_eq(pool_take(pool, block, NULL), -EAGAIN);
	cr_assert_eq(stats().conditioned_samples, 2 * BLOCK_IN);
	cr_assert_eq(stats().wiped_samples, 4 * W - 2 * BLOCK_IN);
	replug();
	cr_assert_eq(sampler_feed(sampler, stream, STARTUP + W), 0);
	cr_assert_eq(pool_blocks(pool), 3);
}

Test(sampler, fips_is_a_trend_over_resets_and_never_a_verdict)
{
	/* Low bit always set: P(1) = 0.5625 fails monobit, H allows it. */
	for (size_t i = 0; i < sizeof(stream); i++)
		stream[i] |= 1;
	cr_assert_eq(sampler_feed(sampler, stream, sizeof(stream)), 0);
	cr_assert_gt(stats().fips->blocks, 5);
	cr_assert_eq(stats().fips->failures, stats().fips->blocks);
	sampler_reset(sampler);
	cr_assert_gt(stats().fips->blocks, 5, "counts go on");
}

Test(sampler, blocks_carry_the_devices_number)
{
	cr_assert_eq(sampler_feed(sampler, stream, STARTUP + W), 0);
	pool_wipe_device(pool, conf.device + 1);
	cr_assert_eq(pool_blocks(pool), 3);
	pool_wipe_device(pool, conf.device);
	cr_assert_eq(pool_blocks(pool), 0);
}

Test(sampler, takes_nothing_at_all)
{
	cr_assert_eq(sampler_feed(sampler, stream, 0), 0);
	cr_assert_eq(stats().samples, 0);
}

/* Healthy samples without end; the seed differs from make_stream()'s. */
static void make_noise(uint8_t *out, size_t len)
{
	static uint64_t x = 0x123456789abcdef1;

	for (size_t i = 0; i < len; i++) {
		x ^= x >> 12;
		x ^= x << 25;
		x ^= x >> 27;
		out[i] = (uint8_t)(x * 0x2545f4914f6cdd1d >> 56);
	}
}

/* P(1) = p, in 1/256, of each bit. */
static void make_biased(uint8_t *out, size_t len, unsigned int p)
{
	uint8_t draw[8];

	for (size_t i = 0; i < len; i++) {
		unsigned int byte = 0;

		make_noise(draw, sizeof(draw));
		for (int k = 0; k < 8; k++)
			byte = byte << 1 | (draw[k] < p);
		out[i] = (uint8_t)byte;
	}
}

static void plant_duplicate(size_t from, size_t to)
{
	memcpy(stream + to, stream + from, 16);
}

Test(sampler, a_block_of_16_bytes_that_came_before_fails_it)
{
	const size_t at = STARTUP + 5 * W + 160;

	for (size_t piece = 1; piece < 3 * W; piece = piece * 3 + 1) {
		teardown();
		setup();
		plant_duplicate(STARTUP + 32, at);
		for (size_t fed = 0; fed < at + 16; fed += piece) {
			int ret = sampler_feed(sampler, stream + fed, piece);

			cr_assert_eq(ret, fed + piece < at + 16 ? 0 : -EIO);
		}
		cr_assert_eq(stats().failed_test, SAMPLER_DUP);
		cr_assert_eq(stats().failed_at, at + 16);
		cr_assert_eq(stats().failures[SAMPLER_DUP], 1);
		cr_assert(stats().settled);
		cr_assert_not(stats().permanent);
		cr_assert_eq(stats().conditioned_samples, 5 * W);
		expect_blocks_of(stream + STARTUP, 5 * W);
	}
}

Test(sampler, a_block_that_is_not_aligned_is_none)
{
	memcpy(stream + STARTUP + 5 * W + 1, stream + STARTUP + 32, 16);
	cr_assert_eq(sampler_feed(sampler, stream, sizeof(stream)), 0);
}

Test(sampler, a_failure_is_settled_by_what_follows)
{
	uint8_t byte = 0x69;

	plant_rct_failure(STARTUP + W);
	cr_assert_eq(sampler_feed(sampler, stream, STARTUP + W + 1), -EIO);
	cr_assert_not(stats().settled);
	for (int i = 10; i < 16; i++)
		cr_assert_eq(sampler_feed(sampler, &byte, 1), -EIO);
	cr_assert_not(stats().settled, "15 equal samples");
	cr_assert_eq(sampler_feed(sampler, &byte, 1), -EIO);
	cr_assert(stats().settled && stats().permanent);
	cr_assert_eq(stats().failures[HEALTH_RCT_BYTE], 1);
	cr_assert_eq(stats().failed_at, STARTUP + W + 1);
	cr_assert_eq(stats().wiped_samples, 8, "the window and what followed");
	cr_assert_eq(pool_blocks(pool), W / BLOCK_IN);
}

Test(sampler, a_failure_that_ends_is_not_permanent)
{
	plant_rct_failure(STARTUP + W);
	cr_assert_eq(sampler_feed(sampler, stream, STARTUP + 2 * W), -EIO);
	cr_assert(stats().settled);
	cr_assert_not(stats().permanent);
}

/* Feeds MiB of it; the samples until it failed, 0 if it did not. */
static size_t run_biased(unsigned int p, size_t mib)
{
	static uint8_t raw[4096];

	for (size_t fed = 0; fed < mib << 20; fed += sizeof(raw)) {
		make_biased(raw, sizeof(raw), p);
		if (sampler_feed(sampler, raw, sizeof(raw)) < 0)
			return fed + sizeof(raw);
	}
	return 0;
}

Test(sampler, board_with_a_bias_runs_without_an_alarm_and_its_drift_is_seen)
{
	cr_assert_eq(run_biased(141, 12), 0, "P(1) = 0.551");
	cr_assert_eq(stats().trend->verdict, TREND_NONE);
	cr_assert(trend_learnt(stats().trend));
	cr_assert_gt(run_biased(166, 1), 0, "P(1) = 0.648");
	sampler_reset(sampler);
	cr_assert_eq(run_biased(144, 1), 0, "P(1) = 0.563");
	cr_assert_eq(stats().trend->verdict, TREND_NONE, "a band of 0.02");
	cr_assert_eq(run_biased(135, 1), 0, "P(1) = 0.527");
	cr_assert_eq(stats().trend->verdict, TREND_WARN);
	cr_assert_eq(stats().trend->reason, TREND_DRIFT_ONES);
}

/* Bits like the one before with 0.6: no count ever gets near its cutoff. */
Test(sampler, window_that_denies_h_fails_it_for_good)
{
	static uint8_t raw[4 * ESTIMATE_WINDOW];
	unsigned int bit = 0;

	make_biased(raw, sizeof(raw), 154);
	for (size_t i = 0; i < sizeof(raw); i++) {
		unsigned int byte = 0;

		for (int k = 7; k >= 0; k--) {
			bit ^= !(raw[i] >> k & 1);
			byte = byte << 1 | bit;
		}
		raw[i] = (uint8_t)byte;
	}
	cr_assert_eq(sampler_feed(sampler, raw, sizeof(raw)), -EIO);
	cr_assert_eq(stats().failed_test, SAMPLER_TREND);
	cr_assert_eq(stats().failed_at, ESTIMATE_WINDOW);
	cr_assert(stats().settled && stats().permanent);
	cr_assert_eq(stats().conditioned_samples + stats().surplus_samples,
		     ESTIMATE_WINDOW - STARTUP - W);
	sampler_reset(sampler);
	cr_assert_eq(stats().trend->verdict, TREND_FAIL, "a reset is no cure");
	sampler_forget_trend(sampler);
	cr_assert_eq(stats().trend->verdict, TREND_NONE);
}

Test(sampler, every_failure_has_a_name)
{
	cr_assert_str_eq(sampler_test_name(HEALTH_APT_BIT), "apt-bit");
	cr_assert_str_eq(sampler_test_name(SAMPLER_DUP), "dup");
	cr_assert_str_eq(sampler_test_name(SAMPLER_TREND), "trend");
	cr_assert_str_eq(sampler_test_name(SAMPLER_CRYPTO), "conditioning");
	cr_assert_str_eq(sampler_test_name(SAMPLER_TESTS), "none");
}

/* What a capture is given. */
static struct diverted {
	uint8_t raw[STREAM_MAX];
	size_t len;
	unsigned int breaks;
} diverted;

static void take_diverted(void *ctx, const uint8_t *raw, size_t len)
{
	struct diverted *d = ctx;

	cr_assert_eq(raw == NULL, len == 0);
	if (raw)
		memcpy(d->raw + d->len, raw, len);
	d->len += len;
	d->breaks += !raw;
}

Test(sampler, diverted_windows_are_whole_consecutive_and_not_conditioned)
{
	sampler_divert(sampler, take_diverted, &diverted);
	cr_assert_eq(sampler_feed(sampler, stream, STARTUP + 10 * W + 7), 0);
	cr_assert_eq(diverted.len, 10 * W);
	cr_assert_arr_eq(diverted.raw, stream + STARTUP, 10 * W);
	cr_assert_eq(diverted.breaks, 0);
	cr_assert_eq(stats().captured_samples, 10 * W);
	cr_assert_eq(stats().conditioned_samples, 0);
	cr_assert_eq(pool_blocks(pool), 0);
}

Test(sampler, conditioning_goes_on_where_a_diversion_ended)
{
	sampler_feed(sampler, stream, STARTUP);
	sampler_divert(sampler, take_diverted, &diverted);
	sampler_feed(sampler, stream + STARTUP, 2 * W);
	sampler_divert(sampler, NULL, NULL);
	sampler_feed(sampler, stream + STARTUP + 2 * W, 20 * W);
	cr_assert_eq(diverted.len, 2 * W);
	expect_blocks_of(stream + STARTUP + 2 * W, 20 * W);
}

Test(sampler, a_break_of_the_row_is_told)
{
	static const uint8_t stuck[W];

	sampler_divert(sampler, take_diverted, &diverted);
	sampler_feed(sampler, stream, STARTUP + W);
	cr_assert_eq(sampler_feed(sampler, stuck, W), -EIO);
	cr_assert_eq(diverted.breaks, 1);
	cr_assert_eq(diverted.len, W, "nothing of a failed window");
	sampler_reset(sampler);
	cr_assert_eq(diverted.breaks, 2);
	sampler_free(sampler);
	sampler = NULL;
	cr_assert_eq(diverted.breaks, 3);
}
