/*
 * Trends: a board that stays as it is never alarms, whatever its bias; one
 * that leaves its baseline is warned of, one that denies its H fails.
 */
#include "host-agent/trend.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include "common/fips.h"
#include "tests/unit/testrand.h"

#define H_BYTE 4000
#define H_BIT  800
#define MIB    (1u << 20)

enum kind {
	BIAS, /* P(1) */
	SAME, /* P(bit as the bit before) */
};

/* A simulated source, and what the daemon does with its samples. */
struct board {
	struct testrand rand;
	enum kind kind;
	double p;
	unsigned int last; /* bit */
	struct estimate estimate;
	struct fips fips;
	struct trend trend;
};

static void board_start(struct board *b, const char *test, enum kind kind,
			double p)
{
	*b = (struct board){ .rand = testrand_new(test), .kind = kind };
	b->p = p;
	fips_init(&b->fips);
	cr_assert_eq(estimate_init(&b->estimate, ESTIMATE_WINDOW), 0);
	cr_assert_eq(trend_init(&b->trend, H_BYTE, H_BIT), 0);
}

/*
 * 64 bits, each 1 with p to 16 binary places: from the last place on, a 1 of p
 * joins with "or", a 0 with "and".
 */
static uint64_t biased_word(struct testrand *r, double p)
{
	unsigned int places = (unsigned int)lround(p * (1 << 16));
	uint64_t word = 0;

	for (int i = 0; i < 16; i++) {
		uint64_t fair = testrand_u64(r);

		word = places >> i & 1 ? word | fair : word & fair;
	}
	return word;
}

/* Bits of steps to bits: each is the one above it, or not. */
static uint64_t integrate(uint64_t steps, unsigned int *last)
{
	for (int shift = 1; shift < 64; shift *= 2)
		steps ^= steps >> shift;
	if (*last)
		steps = ~steps;
	*last = steps & 1;
	return steps;
}

static void board_fill(struct board *b, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i += 8) {
		uint64_t word;

		if (b->kind == SAME)
			word = integrate(biased_word(&b->rand, 1 - b->p),
					 &b->last);
		else
			word = biased_word(&b->rand, b->p);
		word = __builtin_bswap64(word);
		memcpy(out + i, &word, 8);
	}
}

static void board_take(struct board *b, const uint8_t *raw, size_t len)
{
	uint64_t blocks = b->fips.blocks;
	unsigned int failures = fips_feed(&b->fips, raw, len);

	trend_add_blocks(&b->trend, b->fips.blocks - blocks, failures);
	while (len > 0) {
		size_t n = estimate_feed(&b->estimate, raw, len);

		raw += n;
		len -= n;
		if (b->estimate.samples == b->estimate.window) {
			trend_add_window(&b->trend, &b->estimate);
			estimate_reset(&b->estimate);
		}
	}
}

/* Until the verdict is `until`, or bytes were fed; returns the bytes fed. */
static uint64_t board_run(struct board *b, uint64_t bytes,
			  enum trend_verdict until)
{
	uint8_t raw[4096];
	uint64_t fed = 0;

	while (fed < bytes && b->trend.verdict < until) {
		board_fill(b, raw, sizeof(raw));
		board_take(b, raw, sizeof(raw));
		fed += sizeof(raw);
	}
	return fed;
}

static void expect_quiet(const char *test, enum kind kind, double p,
			 uint64_t bytes)
{
	static struct board b;

	board_start(&b, test, kind, p);
	cr_expect_eq(board_run(&b, bytes, TREND_WARN), bytes);
	cr_expect_eq(b.trend.verdict, TREND_NONE, "%s",
		     trend_reason_name(b.trend.reason));
	cr_expect(trend_learnt(&b.trend));
}

Test(trend, board_with_p1_of_0_5125_never_alarms)
{
	expect_quiet("0.5125", BIAS, 0.5125, 64 * MIB);
}

Test(trend, board_with_p1_of_0_55_never_alarms)
{
	expect_quiet("0.55", BIAS, 0.55, 64 * MIB);
}

Test(trend, ideal_board_never_alarms)
{
	expect_quiet("ideal", BIAS, 0.5, 16 * MIB);
}

Test(trend, board_with_serial_correlation_never_alarms)
{
	expect_quiet("same", SAME, 0.54, 16 * MIB);
}

/* The window in which it happens, and the one behind it. */
static void expect_fail_in_two_windows(const char *test, enum kind kind,
				       double before, double after)
{
	static struct board b;
	uint64_t fed;

	board_start(&b, test, kind, before);
	board_run(&b, 2 * MIB + 20480, TREND_WARN);
	cr_assert_eq(b.trend.verdict, TREND_NONE);
	b.p = after;
	fed = board_run(&b, MIB, TREND_FAIL);
	cr_expect_leq(fed, 2 * ESTIMATE_WINDOW, "%llu bytes",
		      (unsigned long long)fed);
	cr_expect_eq(b.trend.verdict, TREND_FAIL);
	cr_expect_eq(b.trend.reason, TREND_H_BIT);
}

Test(trend, drift_from_0_5125_to_0_65_fails_within_two_windows)
{
	expect_fail_in_two_windows("to 0.65", BIAS, 0.5125, 0.65);
}

Test(trend, drift_from_0_55_to_0_65_fails_within_two_windows)
{
	expect_fail_in_two_windows("0.55 to 0.65", BIAS, 0.55, 0.65);
}

Test(trend, drift_to_zeros_fails_within_two_windows)
{
	expect_fail_in_two_windows("to 0.35", BIAS, 0.5125, 0.35);
}

Test(trend, serial_correlation_fails_within_two_windows)
{
	expect_fail_in_two_windows("to same 0.65", SAME, 0.5, 0.65);
}

Test(trend, anticorrelation_fails_within_two_windows)
{
	expect_fail_in_two_windows("to same 0.35", SAME, 0.5, 0.35);
}

static void expect_warning(const char *test, enum kind kind, double after,
			   enum trend_reason reason)
{
	static struct board b;

	board_start(&b, test, kind, 0.5125);
	board_run(&b, 2 * MIB, TREND_WARN);
	cr_assert_eq(b.trend.verdict, TREND_NONE);
	b.p = after;
	cr_expect_leq(board_run(&b, MIB, TREND_WARN), 2 * ESTIMATE_WINDOW);
	cr_expect_eq(b.trend.verdict, TREND_WARN);
	cr_expect_eq(b.trend.reason, reason, "%s",
		     trend_reason_name(b.trend.reason));
}

Test(trend, drift_that_h_still_allows_is_a_warning)
{
	expect_warning("to 0.55", BIAS, 0.55, TREND_DRIFT_ONES);
}

Test(trend, serial_drift_that_h_still_allows_is_a_warning)
{
	expect_warning("to same 0.55", SAME, 0.55, TREND_DRIFT_SERIAL);
}

Test(trend, warning_ends_sixteen_windows_after_the_drift)
{
	static struct board b;
	uint64_t fed;

	board_start(&b, "warning_ends", BIAS, 0.5125);
	board_run(&b, 2 * MIB, TREND_WARN);
	b.p = 0.55;
	board_run(&b, MIB, TREND_WARN);
	cr_assert_eq(b.trend.verdict, TREND_WARN);
	b.p = 0.5125;
	for (fed = 0; b.trend.verdict == TREND_WARN && fed < 4 * MIB;)
		fed += board_run(&b, 4096, TREND_FAIL);
	cr_expect_eq(b.trend.verdict, TREND_NONE);
	cr_expect_eq(b.trend.reason, TREND_WELL);
	cr_expect_geq(fed, (TREND_CLEAR - 1) * ESTIMATE_WINDOW);
	cr_expect_leq(fed, (TREND_CLEAR + 2) * ESTIMATE_WINDOW);
}

/* From start on: no baseline is needed to deny H. */
Test(trend, board_that_never_was_well_fails_in_its_first_window)
{
	static struct board b;

	board_start(&b, "never was well", BIAS, 0.65);
	cr_expect_eq(board_run(&b, MIB, TREND_FAIL), ESTIMATE_WINDOW);
	cr_expect_eq(b.trend.reason, TREND_H_BIT);
}

Test(trend, failure_is_never_cleared_by_more_data)
{
	static struct board b;
	uint8_t raw[4096];

	board_start(&b, "never cleared", BIAS, 0.65);
	board_run(&b, MIB, TREND_FAIL);
	b.p = 0.5;
	for (int i = 0; i < 4 * 256; i++) {
		board_fill(&b, raw, sizeof(raw));
		board_take(&b, raw, sizeof(raw));
	}
	cr_expect_eq(b.trend.verdict, TREND_FAIL);
	cr_expect_eq(b.trend.reason, TREND_H_BIT);
	trend_reset(&b.trend);
	cr_expect_eq(board_run(&b, MIB, TREND_WARN), MIB);
}

/* Flat bits, but one byte of sixteen comes every other time. */
Test(trend, common_byte_denies_h_of_bytes)
{
	struct testrand r = testrand_new("common_byte");
	static struct estimate e;
	struct trend t;
	uint8_t raw[2];

	cr_assert_eq(trend_init(&t, H_BYTE, H_BIT), 0);
	cr_assert_eq(estimate_init(&e, ESTIMATE_WINDOW), 0);
	while (e.samples < e.window) {
		testrand_fill(&r, raw, 2);
		if (testrand_below(&r, 4) == 0)
			raw[0] = 0x1b;
		estimate_feed(&e, raw, 2);
	}
	cr_expect_eq(trend_add_window(&t, &e), TREND_FAIL);
	cr_expect_eq(t.reason, TREND_H_BYTE);
}

/* The same USB packets again and again: flat bits, few values. */
Test(trend, short_period_is_a_drift_of_bytes)
{
	struct testrand r = testrand_new("short_period");
	static struct board b;
	uint8_t raw[256];

	board_start(&b, "short_period", BIAS, 0.5);
	board_run(&b, 2 * MIB, TREND_WARN);
	testrand_fill(&r, raw, sizeof(raw));
	for (size_t i = 0; i < sizeof(raw); i += 2)
		raw[i + 1] = (uint8_t)~raw[i];
	for (int i = 0; i < 512; i++)
		board_take(&b, raw, sizeof(raw));
	cr_expect_eq(b.trend.verdict, TREND_WARN);
	cr_expect(b.trend.reason == TREND_DRIFT_BYTES ||
			  b.trend.reason == TREND_DRIFT_SERIAL,
		  "%s", trend_reason_name(b.trend.reason));
}

static enum trend_verdict after_blocks(uint64_t base, uint64_t failures)
{
	struct trend t;

	cr_assert_eq(trend_init(&t, H_BYTE, H_BIT), 0);
	cr_assert_eq(trend_add_blocks(&t, TREND_LEARN_BLOCKS, base), 0);
	trend_add_blocks(&t, 1000, 0);
	cr_assert_eq(t.verdict, TREND_NONE, "judged before the group is whole");
	return trend_add_blocks(&t, TREND_BLOCKS - 1000, failures);
}

/* The counts of a script that does the same arithmetic. */
Test(trend, fips_rate_is_judged_against_the_baseline)
{
	static const struct {
		uint64_t base, least;
	} cases[] = {
		{ 0, 26 }, { 1, 29 }, { 3, 32 }, { 10, 40 }, { 30, 59 },
	};
	struct trend t;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t more = cases[i].least;

		trend_init(&t, H_BYTE, H_BIT);
		trend_add_blocks(&t, TREND_LEARN_BLOCKS, cases[i].base);
		cr_expect_eq(trend_add_blocks(&t, TREND_BLOCKS, more - 1),
			     TREND_NONE, "%llu in the baseline",
			     (unsigned long long)cases[i].base);
		cr_expect_eq(trend_add_blocks(&t, TREND_BLOCKS, more),
			     TREND_WARN);
		cr_expect_eq(t.reason, TREND_FIPS_RATE);
	}
	cr_expect_eq(after_blocks(3, 0), TREND_NONE);
	cr_expect_eq(after_blocks(0, 24), TREND_NONE);
}

Test(trend, board_whose_blocks_always_fail_is_not_judged_by_them)
{
	cr_expect_eq(after_blocks(TREND_LEARN_BLOCKS, 24), TREND_NONE);
	cr_expect_eq(after_blocks(TREND_LEARN_BLOCKS / 2, 24), TREND_NONE);
}

Test(trend, high_fips_rate_keeps_its_warning_until_a_group_is_well)
{
	static struct board b;

	board_start(&b, "high_fips_rate", BIAS, 0.5);
	board_run(&b, 12 * MIB, TREND_WARN);
	b.fips.blocks = b.fips.failures = 0;
	b.trend.fips = (struct trend_rate){ 0, 0 };
	trend_add_blocks(&b.trend, TREND_BLOCKS, 100);
	cr_assert_eq(b.trend.verdict, TREND_WARN);
	board_run(&b, MIB, TREND_FAIL);
	cr_expect_eq(b.trend.verdict, TREND_WARN);
	trend_add_blocks(&b.trend, TREND_BLOCKS, 0);
	board_run(&b, 2 * MIB, TREND_FAIL);
	cr_expect_eq(b.trend.verdict, TREND_NONE);
}

/* What a process learnt of a board, in the trend of the next one. */
static void restart_with(struct board *b, double p)
{
	struct trend_baseline base = b->trend.base;

	cr_assert(trend_windows_learnt(&base));
	/* half of them are not kept */
	if (!trend_blocks_learnt(&base))
		base.blocks = (struct trend_rate){ 0, 0 };
	cr_expect(trend_baseline_is_sane(&base));
	board_start(b, "restart_with", BIAS, p);
	trend_set_baseline(&b->trend, &base);
}

Test(trend, drift_over_a_restart_is_seen_in_the_first_window)
{
	static struct board b;

	board_start(&b, "over_a_restart", BIAS, 0.5125);
	board_run(&b, MIB, TREND_WARN);
	restart_with(&b, 0.55);
	cr_expect_leq(board_run(&b, MIB, TREND_WARN), ESTIMATE_WINDOW);
	cr_expect_eq(b.trend.reason, TREND_DRIFT_ONES);
}

Test(trend, board_that_stayed_is_well_over_a_restart)
{
	struct trend_baseline base;
	static struct board b;

	board_start(&b, "stayed", BIAS, 0.5125);
	board_run(&b, 12 * MIB, TREND_WARN);
	base = b.trend.base;
	restart_with(&b, 0.5125);
	cr_expect(trend_learnt(&b.trend));
	cr_expect_eq(board_run(&b, 12 * MIB, TREND_WARN), 12 * MIB);
	cr_expect_eq(memcmp(&b.trend.base, &base, sizeof(base)), 0,
		     "and nothing is learnt any more");
}

Test(trend, what_was_not_learnt_of_blocks_is_learnt_after_a_restart)
{
	static struct board b;

	board_start(&b, "of_blocks", BIAS, 0.5);
	board_run(&b, 2 * MIB, TREND_WARN);
	restart_with(&b, 0.5);
	cr_expect_not(trend_learnt(&b.trend));
	board_run(&b, 10 * MIB, TREND_WARN);
	cr_expect(trend_learnt(&b.trend));
}

Test(trend, baseline_that_cannot_be_is_refused)
{
	const struct trend_baseline good = {
		.ones = { 8388608, 4300000 },
		.same = { 8388592, 4200000 },
		.mode = { 1048576, 4400 },
		.blocks = { 4096, 12 },
	};
	struct trend_baseline b = good;

	cr_expect(trend_baseline_is_sane(&b));
	b.blocks = (struct trend_rate){ 0, 0 };
	cr_expect(trend_baseline_is_sane(&b), "blocks take longer");
	b.blocks = (struct trend_rate){ 4095, 0 };
	cr_expect_not(trend_baseline_is_sane(&b), "half of them");
	b.blocks = (struct trend_rate){ 0, 1 };
	cr_expect_not(trend_baseline_is_sane(&b));
	b = good;
	b.ones.n--;
	cr_expect_not(trend_baseline_is_sane(&b), "too few");
	b = good;
	b.same.hits = b.same.n + 1;
	cr_expect_not(trend_baseline_is_sane(&b), "more than all");
	b = good;
	b.mode.hits = 4095;
	cr_expect_not(trend_baseline_is_sane(&b), "less than the mean");
	b = good;
	b.ones.n = (1ull << 40) + 1;
	cr_expect_not(trend_baseline_is_sane(&b), "more than there is");
}

Test(trend, h_out_of_range_is_refused)
{
	struct trend t;

	cr_expect_eq(trend_init(&t, 499, 800), -EINVAL);
	cr_expect_eq(trend_init(&t, 8001, 800), -EINVAL);
	cr_expect_eq(trend_init(&t, 4000, 99), -EINVAL);
	cr_expect_eq(trend_init(&t, 4000, 1001), -EINVAL);
	cr_expect_eq(trend_init(&t, 500, 100), 0);
	cr_expect_eq(trend_init(&t, 8000, 1000), 0);
}

Test(trend, empty_window_says_nothing)
{
	static struct estimate e;
	struct trend t;

	estimate_init(&e, ESTIMATE_WINDOW);
	trend_init(&t, H_BYTE, H_BIT);
	cr_expect_eq(trend_add_window(&t, &e), TREND_NONE);
	cr_expect_eq(t.windows, 0);
}

Test(trend, every_reason_has_a_name)
{
	for (int i = 0; i < TREND_REASONS; i++)
		cr_expect_str_neq(trend_reason_name((enum trend_reason)i),
				  "unknown");
	cr_expect_str_eq(trend_reason_name(TREND_REASONS), "unknown");
}

/* H in millibits, ones of 524,288 that deny it; tests/check/trend.py. */
static const unsigned int bit_thresholds[][2] = {
	{ 100, 490817 }, { 250, 443278 }, { 500, 373728 },  { 750, 314984 },
	{ 800, 304388 }, { 900, 284252 }, { 1000, 265446 },
};

/* H in millibits, equal bytes of 65,536 that deny it; tests/check/trend.py. */
static const unsigned int byte_thresholds[][2] = {
	{ 500, 47466 },	 { 1000, 34011 }, { 1500, 24364 }, { 2000, 17468 },
	{ 2500, 12544 }, { 3000, 9026 },  { 3500, 6511 },  { 4000, 4712 },
	{ 4500, 3422 },	 { 5000, 2495 },  { 5500, 1829 },  { 6000, 1348 },
	{ 6500, 999 },	 { 7000, 746 },	  { 7500, 562 },   { 8000, 426 },
};

/* A window with exactly so many ones, anywhere. */
static enum trend_verdict window_of_ones(unsigned int h, unsigned int ones)
{
	struct testrand r = testrand_new("bit_threshold");
	unsigned int bits = 8 * ESTIMATE_WINDOW;
	static struct estimate e;
	struct trend t;

	cr_assert_eq(trend_init(&t, 500, h), 0);
	cr_assert_eq(estimate_init(&e, ESTIMATE_WINDOW), 0);
	while (bits > 0) {
		uint8_t raw = 0;

		for (int i = 0; i < 8; i++, bits--) {
			bool one = testrand_below(&r, bits) < ones;

			ones -= one;
			raw = (uint8_t)(raw << 1 | one);
		}
		estimate_feed(&e, &raw, 1);
	}
	return trend_add_window(&t, &e);
}

/* A window with exactly so many equal bytes, the others evenly spread. */
static enum trend_verdict window_of_bytes(unsigned int h, unsigned int equal)
{
	static struct estimate e;
	struct trend t;

	cr_assert_eq(trend_init(&t, h, 100), 0);
	cr_assert_eq(estimate_init(&e, ESTIMATE_WINDOW), 0);
	for (unsigned int i = 0; i < ESTIMATE_WINDOW; i++) {
		unsigned int other = i % 255 + (i % 255 >= 0x5a);
		uint8_t raw = (uint8_t)(i < equal ? 0x5a : other);

		estimate_feed(&e, &raw, 1);
	}
	return trend_add_window(&t, &e);
}

Test(trend, h_is_denied_from_its_threshold_on)
{
	for (size_t i = 0; i < sizeof(bit_thresholds) / 8; i++) {
		const unsigned int *row = bit_thresholds[i];

		cr_expect_neq(window_of_ones(row[0], row[1] - 1), TREND_FAIL,
			      "%u", row[0]);
		cr_expect_eq(window_of_ones(row[0], row[1]), TREND_FAIL, "%u",
			     row[0]);
	}
	for (size_t i = 0; i < sizeof(byte_thresholds) / 8; i++) {
		const unsigned int *row = byte_thresholds[i];

		cr_expect_neq(window_of_bytes(row[0], row[1] - 1), TREND_FAIL,
			      "%u", row[0]);
		cr_expect_eq(window_of_bytes(row[0], row[1]), TREND_FAIL, "%u",
			     row[0]);
	}
}
