/*
 * Health tests: cutoffs to the sample, windows, stickiness, and what SP 800-90B
 * 4.5 asks of any such test.
 */
#include "common/health.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/unit/testrand.h"

#define MIB (1u << 20)

/* A cutoff that no count reaches: all tests but the one looked at are off. */
#define OFF UINT16_MAX

static struct health health_default(void)
{
	struct health_cutoffs cut;
	struct health h;

	cr_assert_eq(health_cutoffs(&cut, HEALTH_H_BYTE_DEFAULT,
				    HEALTH_H_BIT_DEFAULT),
		     0);
	health_init(&h, &cut);
	return h;
}

static struct health health_only(enum health_test test)
{
	struct health h = health_default();
	struct health_cutoffs cut = h.cut;

	for (int t = 0; t < HEALTH_TESTS; t++)
		if (t != (int)test)
			cut.c[t] = cut.permanent[t] = OFF;
	health_init(&h, &cut);
	return h;
}

static int feed_byte(struct health *h, uint8_t byte)
{
	return health_feed(h, &byte, 1);
}

static void assert_ok(const struct health *h)
{
	cr_assert_eq(h->failed, HEALTH_TESTS, "%s failed at %llu",
		     health_test_name(h->failed),
		     (unsigned long long)h->failed_at);
}

static void assert_failed(const struct health *h, enum health_test test,
			  uint64_t at)
{
	cr_assert_eq(h->failed, test, "%s", health_test_name(h->failed));
	cr_assert_eq(h->failed_at, at, "at %llu, not %llu",
		     (unsigned long long)h->failed_at, (unsigned long long)at);
	cr_assert_eq(h->samples, at);
}

/* count bytes 0x5a, which no bit test minds, then `other`. */
static void feed_equal(struct health *h, unsigned int count)
{
	while (count-- > 0)
		feed_byte(h, 0x5a);
}

/*
 * Feeds one byte window with `references` times its first byte, spread so that
 * no two neighbours are equal; the rest counts through values that are neither.
 */
static void feed_window(struct health *h, uint8_t reference,
			unsigned int references, unsigned int len)
{
	for (unsigned int i = 0; i < len; i++) {
		int is_reference = i % 2 == 0 && i / 2 < references;

		feed_byte(h, is_reference ? reference
					  : (uint8_t)(reference + 1 + i % 250));
	}
}

Test(health, default_cutoffs_are_those_of_the_design)
{
	struct health h = health_default();

	cr_assert_eq(h.cut.c[HEALTH_RCT_BYTE], 9);
	cr_assert_eq(h.cut.c[HEALTH_APT_BYTE], 71);
	cr_assert_eq(h.cut.c[HEALTH_RCT_BIT], 61);
	cr_assert_eq(h.cut.c[HEALTH_APT_BIT], 684);
}

Test(health, every_stated_entropy_has_cutoffs)
{
	static const unsigned int bit_h[] = {
		100, 250, 500, 750, 800, 900, 1000
	};
	struct health_cutoffs cut;

	for (unsigned int h = 500; h <= 8000; h += 500)
		cr_assert_eq(health_cutoffs(&cut, h, 800), 0);
	for (size_t i = 0; i < sizeof(bit_h) / sizeof(bit_h[0]); i++) {
		cr_assert_eq(health_cutoffs(&cut, 4000, bit_h[i]), 0);
		cr_assert_gt(cut.c[HEALTH_RCT_BIT], 8);
		cr_assert_leq(cut.c[HEALTH_APT_BIT], HEALTH_APT_BIT_WINDOW);
	}
}

Test(health, cutoffs_grow_as_entropy_shrinks)
{
	struct health_cutoffs high, low;

	for (unsigned int h = 500; h < 8000; h += 500) {
		cr_assert_eq(health_cutoffs(&low, h, 800), 0);
		cr_assert_eq(health_cutoffs(&high, h + 500, 800), 0);
		cr_assert_geq(low.c[HEALTH_RCT_BYTE], high.c[HEALTH_RCT_BYTE]);
		cr_assert_gt(low.c[HEALTH_APT_BYTE], high.c[HEALTH_APT_BYTE]);
	}
}

Test(health, other_entropies_are_refused)
{
	static const unsigned int bad_byte[] = { 0, 499, 501, 8001, 8500 };
	static const unsigned int bad_bit[] = { 0, 99, 799, 1001, 4000 };
	struct health_cutoffs cut;

	for (size_t i = 0; i < 5; i++) {
		cr_assert_eq(health_cutoffs(&cut, bad_byte[i], 800), -ERANGE);
		cr_assert_eq(health_cutoffs(&cut, 4000, bad_bit[i]), -ERANGE);
	}
}

Test(health, rct_byte_passes_one_below_cutoff)
{
	struct health h = health_default();

	feed_equal(&h, 8);
	feed_byte(&h, 0xa7);
	feed_equal(&h, 8);
	assert_ok(&h);
}

Test(health, rct_byte_fails_exactly_at_cutoff)
{
	struct health h = health_default();

	feed_equal(&h, 8);
	assert_ok(&h);
	cr_assert_eq(feed_byte(&h, 0x5a), -EIO);
	assert_failed(&h, HEALTH_RCT_BYTE, 9);
}

Test(health, rct_byte_run_goes_on_over_two_reads)
{
	static const uint8_t part[] = { 1, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a };
	struct health h = health_default();

	cr_assert_eq(health_feed(&h, part, 6), 0);
	cr_assert_eq(health_feed(&h, part + 1, 5), -EIO);
	assert_failed(&h, HEALTH_RCT_BYTE, 10);
}

Test(health, rct_byte_run_goes_on_over_an_apt_window)
{
	struct health h = health_only(HEALTH_RCT_BYTE);

	feed_window(&h, 7, 0, HEALTH_APT_BYTE_WINDOW - 4);
	feed_equal(&h, 8);
	assert_ok(&h);
	feed_equal(&h, 1);
	assert_failed(&h, HEALTH_RCT_BYTE, HEALTH_APT_BYTE_WINDOW + 5);
}

Test(health, first_zero_byte_is_no_repetition)
{
	struct health h = health_only(HEALTH_RCT_BYTE);

	for (int i = 0; i < 8; i++)
		feed_byte(&h, 0);
	assert_ok(&h);
	feed_byte(&h, 0);
	assert_failed(&h, HEALTH_RCT_BYTE, 9);
}

Test(health, apt_byte_passes_one_below_cutoff)
{
	struct health h = health_default();

	feed_window(&h, 0x5a, 70, HEALTH_APT_BYTE_WINDOW);
	assert_ok(&h);
}

Test(health, apt_byte_fails_exactly_at_cutoff)
{
	struct health h = health_default();

	feed_window(&h, 0x5a, 71, 140);
	assert_ok(&h);
	cr_assert_eq(feed_byte(&h, 0x5a), -EIO);
	assert_failed(&h, HEALTH_APT_BYTE, 141);
}

Test(health, apt_byte_fails_at_the_last_sample_of_a_window)
{
	struct health h = health_default();

	feed_window(&h, 0x5a, 70, HEALTH_APT_BYTE_WINDOW - 1);
	assert_ok(&h);
	feed_byte(&h, 0x5a);
	assert_failed(&h, HEALTH_APT_BYTE, HEALTH_APT_BYTE_WINDOW);
}

Test(health, apt_byte_count_does_not_cross_the_window_edge)
{
	struct health h = health_default();

	/* 70 at the end of a window (behind its reference), 70 after it */
	feed_byte(&h, 1);
	for (unsigned int i = 1; i < HEALTH_APT_BYTE_WINDOW; i++)
		feed_byte(&h, i >= 372 && i % 2 == 0
				      ? 0x5a
				      : (uint8_t)(0x60 + i % 100));
	feed_window(&h, 0x5a, 70, HEALTH_APT_BYTE_WINDOW);
	assert_ok(&h);
	cr_assert_eq(h.samples, 2 * HEALTH_APT_BYTE_WINDOW);
}

Test(health, first_sample_of_the_next_window_becomes_its_reference)
{
	struct health h = health_default();

	feed_window(&h, 0x5a, 1, HEALTH_APT_BYTE_WINDOW);
	feed_window(&h, 0xc3, 71, HEALTH_APT_BYTE_WINDOW);
	assert_failed(&h, HEALTH_APT_BYTE, HEALTH_APT_BYTE_WINDOW + 141);
}

/*
 * 60 equal bits: from the middle of a byte to the middle of another.  The run
 * has 7 equal bytes, which the RCT on bytes passes.
 */
Test(health, rct_bit_passes_one_below_cutoff)
{
	static const uint8_t ones[] = { 0x57, 0xff, 0xff, 0xff, 0xff,
					0xff, 0xff, 0xff, 0x95 };
	static const uint8_t zeros[] = { 0xa8, 0, 0, 0, 0, 0, 0, 0, 0x6a };
	struct health h = health_default();

	cr_assert_eq(health_feed(&h, ones, sizeof(ones)), 0);
	cr_assert_eq(health_feed(&h, zeros, sizeof(zeros)), 0);
	assert_ok(&h);
}

Test(health, rct_bit_fails_exactly_at_cutoff)
{
	static const uint8_t ones[] = { 0x57, 0xff, 0xff, 0xff, 0xff,
					0xff, 0xff, 0xff, 0xd5 };
	static const uint8_t zeros[] = { 0xa8, 0, 0, 0, 0, 0, 0, 0, 0x2a };
	struct health h = health_default();

	cr_assert_eq(health_feed(&h, ones, sizeof(ones)), -EIO);
	assert_failed(&h, HEALTH_RCT_BIT, sizeof(ones));
	health_reset(&h);
	cr_assert_eq(health_feed(&h, zeros, sizeof(zeros)), -EIO);
	assert_failed(&h, HEALTH_RCT_BIT, sizeof(zeros));
}

/* The plain reading of 4.4.1, bit by bit. */
static uint64_t rct_bit_reference(const uint8_t *raw, size_t len,
				  unsigned int c)
{
	unsigned int run = 0;
	int last = -1;

	for (size_t i = 0; i < len * 8; i++) {
		int bit = raw[i / 8] >> (7 - i % 8) & 1;

		run = bit == last ? run + 1 : 1;
		last = bit;
		if (run >= c)
			return i / 8 + 1;
	}
	return 0;
}

/* The plain reading of 4.4.2 with the complement counted too. */
static uint64_t apt_bit_reference(const uint8_t *raw, size_t len,
				  unsigned int c)
{
	unsigned int same = 0;
	int first = 0;

	for (size_t i = 0; i < len * 8; i++) {
		unsigned int pos = i % HEALTH_APT_BIT_WINDOW;
		int bit = raw[i / 8] >> (7 - i % 8) & 1;

		if (pos == 0) {
			first = bit;
			same = 0;
		}
		same += bit == first;
		if (same >= c || pos + 1 - same >= c)
			return i / 8 + 1;
	}
	return 0;
}

static void fill_biased(struct testrand *r, uint8_t *raw, size_t len, double p1)
{
	for (size_t i = 0; i < len; i++) {
		raw[i] = 0;
		for (int bit = 0; bit < 8; bit++)
			raw[i] =
				(uint8_t)(raw[i] << 1 | testrand_chance(r, p1));
	}
}

static void compare_with_reference(struct testrand *r, enum health_test test,
				   unsigned int c, double p1)
{
	struct health h = health_only(test);
	uint8_t raw[512];
	uint64_t at;

	h.cut.c[test] = (uint16_t)c;
	fill_biased(r, raw, sizeof(raw), p1);
	at = test == HEALTH_RCT_BIT ? rct_bit_reference(raw, sizeof(raw), c)
				    : apt_bit_reference(raw, sizeof(raw), c);
	health_feed(&h, raw, sizeof(raw));
	if (at == 0)
		assert_ok(&h);
	else
		assert_failed(&h, test, at);
}

Test(health, bit_tests_agree_with_the_plain_reading_of_the_standard)
{
	struct testrand r = testrand_new("bit_tests_agree");

	for (int i = 0; i < 500; i++) {
		unsigned int rct = 9 + (unsigned int)testrand_below(&r, 8);
		unsigned int apt = 540 + (unsigned int)testrand_below(&r, 60);
		double p1 = 0.4 + 0.02 * (double)testrand_below(&r, 11);

		compare_with_reference(&r, HEALTH_RCT_BIT, rct, p1);
		compare_with_reference(&r, HEALTH_APT_BIT, apt, p1);
	}
}

/*
 * A bit window of 128 bytes in which `bit` is set `count` times (640..768), in
 * short runs, and whose bytes differ enough for the byte tests.
 */
static void fill_bit_window(uint8_t raw[128], int bit, unsigned int count)
{
	static const uint8_t three[] = { 0x15, 0x1a, 0x25, 0x2a, 0x4a, 0x52,
					 0x51, 0x8a, 0x92, 0xa2, 0xa4, 0x94 };
	static const uint8_t two[] = { 0x11, 0x12, 0x22, 0x24, 0x44, 0x48,
				       0x81, 0x84, 0x88, 0x42, 0x21, 0x90 };
	unsigned int threes = HEALTH_APT_BIT_WINDOW - count - 2 * 128;

	for (unsigned int i = 0; i < 128; i++) {
		uint8_t other = i < threes ? three[i % 12] : two[i % 12];

		raw[i] = bit ? (uint8_t)~other : other;
	}
}

/* Windows whose common bit comes `count` times; the default RCT looks on. */
static int feed_bit_window(struct health *h, int bit, unsigned int count)
{
	uint8_t raw[128];

	fill_bit_window(raw, bit, count);
	return health_feed(h, raw, sizeof(raw));
}

Test(health, apt_bit_passes_one_below_cutoff)
{
	struct health h = health_default();

	for (int bit = 0; bit < 2; bit++)
		cr_assert_eq(feed_bit_window(&h, bit, 683), 0);
	assert_ok(&h);
}

Test(health, apt_bit_fails_exactly_at_cutoff)
{
	for (int bit = 0; bit < 2; bit++) {
		struct health h = health_default();

		cr_assert_eq(feed_bit_window(&h, bit, 683), 0);
		cr_assert_eq(feed_bit_window(&h, bit, 684), -EIO);
		cr_assert_eq(h.failed, HEALTH_APT_BIT);
		cr_assert_gt(h.failed_at, 128);
	}
}

Test(health, apt_bit_counts_both_symbols_whatever_the_first)
{
	for (int first = 0; first < 2; first++) {
		struct health h = health_only(HEALTH_APT_BIT);
		uint8_t raw[128];

		memset(raw, 0xff, 86); /* 688 ones with the first byte */
		memset(raw + 86, 0, 42);
		raw[0] = first ? 0xff : 0x7f; /* 688 or 687 */
		cr_assert_eq(health_feed(&h, raw, sizeof(raw)), -EIO);
		assert_failed(&h, HEALTH_APT_BIT, 86);
	}
}

Test(health, verdict_is_sticky_until_reset)
{
	struct testrand r = testrand_new("verdict_is_sticky");
	struct health h = health_default();
	uint8_t good[4096];

	testrand_fill(&r, good, sizeof(good));
	feed_equal(&h, 9);
	for (int i = 0; i < 100; i++)
		cr_assert_eq(health_feed(&h, good, sizeof(good)), -EIO);
	cr_assert_eq(health_feed(&h, good, 0), -EIO);
	assert_failed(&h, HEALTH_RCT_BYTE, 9);
	health_reset(&h);
	cr_assert_eq(health_feed(&h, good, sizeof(good)), 0);
	cr_assert_eq(h.samples, sizeof(good));
}

Test(health, reset_forgets_the_last_sample)
{
	struct health h = health_default();
	struct health fresh = health_default();

	feed_equal(&h, 8);
	health_reset(&h);
	cr_assert_eq(memcmp(&h, &fresh, sizeof(h)), 0);
	feed_equal(&h, 8);
	assert_ok(&h);
}

Test(health, nothing_fed_is_no_sample)
{
	struct health h = health_default();

	cr_assert_eq(health_feed(&h, NULL, 0), 0);
	cr_assert_eq(h.samples, 0);
}

static void feed_pieces(struct testrand *r, struct health *h,
			const uint8_t *raw, size_t len)
{
	for (size_t n; len > 0; raw += n, len -= n) {
		n = testrand_below(r, 97);
		if (n > len)
			n = len;
		health_feed(h, raw, n);
	}
}

Test(health, splitting_the_feed_does_not_matter)
{
	struct testrand r = testrand_new("splitting_the_feed");
	uint8_t raw[8192];

	for (int i = 0; i < 100; i++) {
		struct health whole = health_default();
		struct health pieces = health_default();

		fill_biased(&r, raw, sizeof(raw), i % 2 ? 0.5 : 0.66);
		health_feed(&whole, raw, sizeof(raw));
		feed_pieces(&r, &pieces, raw, sizeof(raw));
		cr_assert_eq(memcmp(&whole, &pieces, sizeof(whole)), 0);
	}
}

static void feed_source(struct testrand *r, struct health *h, size_t len,
			double p1)
{
	uint8_t raw[4096];

	for (; len > 0; len -= sizeof(raw)) {
		if (p1 > 0)
			fill_biased(r, raw, sizeof(raw), p1);
		else
			testrand_fill(r, raw, sizeof(raw));
		if (health_feed(h, raw, sizeof(raw)) < 0)
			return;
	}
}

Test(health, good_data_passes)
{
	struct testrand r = testrand_new("good_data_passes");
	struct health h = health_default();

	feed_source(&r, &h, MIB, 0);
	assert_ok(&h);
	cr_assert_eq(h.samples, MIB);
}

/* What firmware 1 and 2 boards show, and are to be accepted with. */
Test(health, bias_of_055_passes_at_the_default_entropy)
{
	struct testrand r = testrand_new("bias_of_055");
	struct health h = health_default();

	feed_source(&r, &h, 4 * MIB, 0.55);
	assert_ok(&h);
}

/* SP 800-90B 4.5 (a): one value more than ceil(100 / H) times in a row. */
Test(health, a_stuck_value_is_seen_in_time_for_every_entropy)
{
	for (unsigned int h_byte = 500; h_byte <= 8000; h_byte += 500) {
		struct health h = health_default();
		struct health_cutoffs cut;

		cr_assert_eq(health_cutoffs(&cut, h_byte, 800), 0);
		cut.c[HEALTH_RCT_BIT] = cut.c[HEALTH_APT_BIT] = OFF;
		health_init(&h, &cut);
		feed_equal(&h, (100000 + h_byte - 1) / h_byte + 1);
		cr_assert_eq(h.failed, HEALTH_RCT_BYTE, "H %u", h_byte);
	}
}

/* One value with probability p, the others share the rest. */
static int seen_within_50000(struct testrand *r,
			     const struct health_cutoffs *cut, double p)
{
	struct health h;

	health_init(&h, cut);
	for (int i = 0; i < 50000; i++) {
		uint8_t other = (uint8_t)(1 + testrand_below(r, 255));

		if (feed_byte(&h, testrand_chance(r, p) ? 0 : other) < 0)
			return 1;
	}
	return 0;
}

/* 4.5 (b): a rise from 2^-H to 2^-H/2 is seen in half of the cases or more. */
Test(health, a_risen_probability_is_seen_in_half_of_the_cases)
{
	struct testrand r = testrand_new("a_risen_probability");

	for (unsigned int h_byte = 2000; h_byte <= 8000; h_byte += 500) {
		struct health_cutoffs cut;
		int seen = 0;

		cr_assert_eq(health_cutoffs(&cut, h_byte, 800), 0);
		cut.c[HEALTH_RCT_BIT] = cut.c[HEALTH_APT_BIT] = OFF;
		for (int i = 0; i < 8; i++)
			seen += seen_within_50000(&r, &cut,
						  exp2(-(h_byte / 2000.0)));
		/* the real probability is 0.998 or more */
		cr_assert_geq(seen, 4, "H %u: %d of 8", h_byte, seen);
	}
}

Test(health, tests_have_the_names_of_the_status_report)
{
	cr_assert_str_eq(health_test_name(HEALTH_RCT_BYTE), "rct-byte");
	cr_assert_str_eq(health_test_name(HEALTH_APT_BYTE), "apt-byte");
	cr_assert_str_eq(health_test_name(HEALTH_RCT_BIT), "rct-bit");
	cr_assert_str_eq(health_test_name(HEALTH_APT_BIT), "apt-bit");
	cr_assert_str_eq(health_test_name(HEALTH_TESTS), "none");
}
