/*
 * Estimators: the figures that NIST's tool gives for two of its own files,
 * vectors that can be computed by hand, and a slow reference, bit by bit.
 */
#include "common/estimate.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/unit/testrand.h"

#define NEAR(got, want)                                                     \
	cr_expect_lt(fabs((got) - (want)), 1e-9, #got ": %.17g, not %.17g", \
		     (double)(got), (double)(want))

/* The sample files are not ours to ship. */
static FILE *open_reference(const char *name)
{
	const char *dirs[] = { getenv("ONERNG_REFERENCE_DATA"),
			       "../shared/data" };
	char path[4096];
	FILE *f = NULL;

	for (size_t i = 0; i < 2 && !f; i++) {
		if (!dirs[i])
			continue;
		snprintf(path, sizeof(path), "%s/%s", dirs[i], name);
		f = fopen(path, "rb");
	}
	if (!f)
		cr_skip("no %s: name its folder in ONERNG_REFERENCE_DATA",
			name);
	return f;
}

static struct estimate_result of_file(const char *name, size_t size)
{
	uint8_t *data = malloc(size + 1);
	FILE *f = open_reference(name);
	struct estimate_result r;
	struct estimate e;

	cr_assert_not_null(data);
	cr_assert_eq(fread(data, 1, size + 1, f), size, "%s: its size", name);
	fclose(f);
	cr_assert_eq(estimate_init(&e, size), 0);
	cr_assert_eq(estimate_feed(&e, data, size), size);
	cr_assert_eq(estimate_result(&e, &r), 0);
	free(data);
	return r;
}

Test(estimate, agrees_with_nist_on_rand8_short)
{
	struct estimate_result r = of_file("rand8_short.bin", 10000);

	cr_expect_eq(r.byte_mode, 58);
	NEAR(r.byte_p_u, 0.0077560937775866317);
	NEAR(r.byte_h, 7.0104540377360411);
	cr_expect_eq(r.bit_mode, 40099);
	NEAR(r.bit_h, 0.98338678465915019);
	cr_expect_eq(r.collisions, 32005);
	NEAR(r.collision_mean, 2.4995781909076706);
	NEAR(r.collision_bound, 2.4923789816296962);
	NEAR(r.collision_p, 0.56172932192363589);
	NEAR(r.collision_h, 0.83205298221524882);
	NEAR(r.p0, 0.5012375);
	NEAR(r.p00, 0.50078555574951988);
	NEAR(r.p10, 0.5016791979949875);
	NEAR(r.markov_h, 0.99772497672796534);
}

Test(estimate, agrees_with_nist_on_truerand_8bit)
{
	struct estimate_result r = of_file("truerand_8bit.bin", 1000000);

	cr_expect_eq(r.byte_mode, 4124);
	NEAR(r.byte_h, 7.8651180028995897);
	NEAR(r.bit_h, 0.9981992801198275);
	cr_expect_eq(r.collisions, 3199626);
	NEAR(r.collision_h, 0.95840629541836875);
	NEAR(r.markov_h, 0.99943930316686191);
}

static struct estimate_result of_bytes(const uint8_t *data, size_t len)
{
	struct estimate_result r;
	struct estimate e;

	cr_assert_eq(estimate_init(&e, len), 0);
	cr_assert_eq(estimate_feed(&e, data, len), len);
	cr_assert_eq(estimate_result(&e, &r), 0);
	return r;
}

Test(estimate, stuck_source_has_no_entropy)
{
	uint8_t data[4096];

	for (int byte = 0; byte < 256; byte += 255) {
		struct estimate_result r;

		memset(data, byte, sizeof(data));
		r = of_bytes(data, sizeof(data));
		NEAR(r.byte_h, 0);
		NEAR(r.bit_h, 0);
		NEAR(r.collision_h, 0);
		NEAR(r.markov_h, 0);
		cr_expect_eq(r.same, 8 * sizeof(data) - 1);
		cr_expect_eq(r.ones, byte ? 8 * sizeof(data) : 0);
	}
}

/* 10 10 10...: each step is certain, so only the first bit is open. */
Test(estimate, alternating_bits_are_seen_by_markov_alone)
{
	uint8_t data[4096];
	struct estimate_result r;

	memset(data, 0xaa, sizeof(data));
	r = of_bytes(data, sizeof(data));
	cr_expect_eq(r.same, 0);
	cr_expect_eq(r.ones, 4 * sizeof(data));
	NEAR(r.markov_h, 1.0 / 128);
	NEAR(r.byte_h, 0);
	cr_expect_gt(r.bit_h, 0.97);
	/* every walk takes three bits: X-bar' = 3, which is above 2.5 */
	NEAR(r.collision_mean, 3);
	NEAR(r.collision_h, 1);
}

/* Every byte as often as any other, and so every bit and pair within one. */
Test(estimate, counter_is_flat)
{
	uint8_t data[65536];
	struct estimate_result r;
	double p = 1.0 / 256;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	r = of_bytes(data, sizeof(data));
	cr_expect_eq(r.byte_mode, 256);
	cr_expect_eq(r.ones, 4 * sizeof(data));
	NEAR(r.byte_p_u, p + 2.5758293035489008 * sqrt(p * (1 - p) / 65535));
	NEAR(r.byte_h, 0 - log2(r.byte_p_u));
}

/* All of it once more, bit by bit, as the standard words it. */
struct slow {
	uint64_t ones, same, v, sum;
	uint64_t from[2][2];
};

static struct slow slow_of(const uint8_t *data, size_t len)
{
	struct slow s = { 0 };
	size_t bits = 8 * len;
#define BIT(i) (data[(i) / 8] >> (7 - (i) % 8) & 1)
	for (size_t i = 0; i < bits; i++) {
		s.ones += BIT(i);
		if (i > 0) {
			s.from[BIT(i - 1)][BIT(i)]++;
			s.same += BIT(i) == BIT(i - 1);
		}
	}
	for (size_t i = 0; i + 1 < bits;) {
		size_t t = BIT(i) == BIT(i + 1) ? 2 : 3;

		if (i + t > bits)
			break;
		s.v++;
		s.sum += t;
		i += t;
	}
#undef BIT
	return s;
}

static void expect_as_slow(const uint8_t *data, size_t len)
{
	struct estimate_result r = of_bytes(data, len);
	struct slow s = slow_of(data, len);

	cr_expect_eq(r.ones, s.ones);
	cr_expect_eq(r.same, s.same);
	cr_expect_eq(r.collisions, s.v);
	NEAR(r.collision_mean, (double)s.sum / (double)s.v);
	NEAR(r.p00,
	     (double)s.from[0][0] / (double)(s.from[0][0] + s.from[0][1]));
	NEAR(r.p10,
	     (double)s.from[1][0] / (double)(s.from[1][0] + s.from[1][1]));
}

Test(estimate, counts_as_a_walk_bit_by_bit_does)
{
	struct testrand t = testrand_new("counts_as_a_walk");
	uint8_t data[700];

	for (size_t len = 20; len <= sizeof(data); len += 17) {
		testrand_fill(&t, data, len);
		expect_as_slow(data, len);
	}
}

Test(estimate, splitting_the_feed_does_not_matter)
{
	struct testrand t = testrand_new("splitting_the_feed");
	static struct estimate whole, pieces;
	uint8_t data[ESTIMATE_WINDOW];
	size_t n;

	testrand_fill(&t, data, sizeof(data));
	cr_assert_eq(estimate_init(&whole, sizeof(data)), 0);
	cr_assert_eq(estimate_init(&pieces, sizeof(data)), 0);
	estimate_feed(&whole, data, sizeof(data));
	for (size_t at = 0; at < sizeof(data); at += n) {
		n = testrand_below(&t, 5000);
		n = n < sizeof(data) - at ? n : sizeof(data) - at;
		cr_assert_eq(estimate_feed(&pieces, data + at, n), n);
	}
	cr_assert_eq(memcmp(&whole, &pieces, sizeof(whole)), 0);
}

Test(estimate, full_window_takes_no_more)
{
	const uint8_t data[5] = { 1, 2, 3, 4, 5 };
	struct estimate e;

	cr_assert_eq(estimate_init(&e, 4), 0);
	cr_expect_eq(estimate_feed(&e, data, 3), 3);
	cr_expect_eq(estimate_feed(&e, data, 3), 1);
	cr_expect_eq(estimate_feed(&e, data, 3), 0);
	cr_expect_eq(e.samples, 4);
}

Test(estimate, window_has_bounds)
{
	struct estimate e;

	cr_expect_eq(estimate_init(&e, 1), -EINVAL);
	cr_expect_eq(estimate_init(&e, (size_t)ESTIMATE_MAX + 1), -EINVAL);
	cr_expect_eq(estimate_init(&e, 2), 0);
	cr_expect_eq(estimate_init(&e, ESTIMATE_MAX), 0);
}

Test(estimate, needs_two_samples)
{
	struct estimate_result r;
	struct estimate e;

	estimate_init(&e, 16);
	cr_expect_eq(estimate_result(&e, &r), -EAGAIN);
	estimate_feed(&e, (const uint8_t *)"x", 1);
	cr_expect_eq(estimate_result(&e, &r), -EAGAIN);
	estimate_feed(&e, (const uint8_t *)"y", 1);
	cr_expect_eq(estimate_result(&e, &r), 0);
	cr_expect(isfinite(r.byte_h) && isfinite(r.collision_h) &&
		  isfinite(r.markov_h));
}

Test(estimate, reset_leaves_what_init_left)
{
	static struct estimate fresh, used;
	uint8_t data[100];

	memset(data, 0xc5, sizeof(data));
	estimate_init(&fresh, 64);
	estimate_init(&used, 64);
	estimate_feed(&used, data, sizeof(data));
	estimate_reset(&used);
	cr_expect_eq(memcmp(&fresh, &used, sizeof(fresh)), 0);
}
