/*
 * FIPS 140-2 blocks: the AES-CTR vector of the reference run (rngtest 2.2),
 * each bound from both sides, and the rate on good data.
 */
#include "common/fips.h"

#include <math.h>
#include <string.h>

#include <criterion/criterion.h>
#include <openssl/evp.h>

#include "tests/unit/testrand.h"

#define VECTOR_BLOCKS 100

/* A word that no block here begins with. */
#define NO_WORD 0x12345678u

/* AES-128-CTR, key 0, IV 0, of zeros. */
static void fill_vector(uint8_t *out, size_t len)
{
	static const uint8_t zero[16];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;

	memset(out, 0, len);
	cr_assert(EVP_EncryptInit_ex(ctx, EVP_aes_128_ctr(), NULL, zero, zero));
	cr_assert(EVP_EncryptUpdate(ctx, out, &n, out, (int)len));
	cr_assert_eq((size_t)n, len);
	EVP_CIPHER_CTX_free(ctx);
}

static void assert_sha256(const uint8_t *data, size_t len, const char *hex)
{
	unsigned char digest[32];
	char text[65];

	cr_assert(EVP_Digest(data, len, digest, NULL, EVP_sha256(), NULL));
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	cr_assert_str_eq(text, hex);
}

static unsigned int test_block(const uint8_t *block)
{
	uint32_t last = NO_WORD;

	return fips_test_block(block, &last);
}

static int get_bit(const uint8_t *block, size_t i)
{
	return block[i / 8] >> (7 - i % 8) & 1;
}

static void set_bit(uint8_t *block, size_t i, int bit)
{
	uint8_t mask = (uint8_t)(0x80 >> i % 8);

	block[i / 8] =
		(uint8_t)(bit ? block[i / 8] | mask : block[i / 8] & ~mask);
}

Test(fips, vector_is_that_of_the_reference_run)
{
	uint8_t data[VECTOR_BLOCKS * FIPS_BLOCK];

	fill_vector(data, sizeof(data));
	assert_sha256(data, FIPS_BLOCK,
		      "db821667b7026ce87f38a46c48c3a9f4"
		      "866858fb758d61a8f0cfba3a0f207339");
	assert_sha256(data, sizeof(data),
		      "ec24eecb370f870b5f66f5db5af08d5e"
		      "9416023f0bfa235cfc1933520e240535");
}

Test(fips, all_blocks_of_the_vector_pass)
{
	uint8_t data[VECTOR_BLOCKS * FIPS_BLOCK];
	uint32_t last = NO_WORD;

	fill_vector(data, sizeof(data));
	for (size_t i = 0; i < VECTOR_BLOCKS; i++)
		cr_assert_eq(fips_test_block(data + i * FIPS_BLOCK, &last), 0);
}

Test(fips, repeated_priming_word_fails_the_continuous_run_only)
{
	uint8_t data[FIPS_BLOCK];
	struct fips f;

	fill_vector(data, sizeof(data));
	fips_init(&f);
	cr_assert_eq(fips_feed(&f, data, 4), 0);
	cr_assert_eq(fips_feed(&f, data, sizeof(data)), 1);
	for (int t = 0; t < FIPS_TESTS; t++)
		cr_assert_eq(f.failed[t], t == FIPS_CONTINUOUS);
	cr_assert_eq(f.blocks, 1);
	cr_assert_eq(f.failures, 1);
}

Test(fips, last_word_is_little_endian_and_handed_on)
{
	uint8_t data[FIPS_BLOCK];
	uint32_t last = NO_WORD;

	fill_vector(data, sizeof(data));
	memcpy(data + FIPS_BLOCK - 4, "\x01\x02\x03\x04", 4);
	fips_test_block(data, &last);
	cr_assert_eq(last, 0x04030201);
}

Test(fips, word_repeated_within_a_block_fails_the_continuous_run)
{
	uint8_t data[FIPS_BLOCK];

	fill_vector(data, sizeof(data));
	memcpy(data + 1000, data + 996, 4);
	cr_assert_eq(test_block(data), 1u << FIPS_CONTINUOUS);
}

Test(fips, word_repeated_off_its_place_passes)
{
	uint8_t data[FIPS_BLOCK];

	fill_vector(data, sizeof(data));
	memcpy(data + 1002, data + 998, 4);
	cr_assert_eq(test_block(data) & 1u << FIPS_CONTINUOUS, 0);
}

/* Brings the vector's block to a number of ones, evenly over its length. */
static unsigned int block_with_ones(unsigned int ones)
{
	uint8_t data[FIPS_BLOCK];
	unsigned int have = 10000; /* what the vector has */

	fill_vector(data, sizeof(data));
	for (size_t i = 0; have != ones; i = (i + 67) % 20000) {
		int bit = get_bit(data, i);

		if (bit == (have > ones)) {
			set_bit(data, i, !bit);
			have += bit ? -1u : 1u;
		}
	}
	return test_block(data);
}

Test(fips, monobit_bounds_are_exact)
{
	const unsigned int monobit = 1u << FIPS_MONOBIT;

	cr_assert_eq(block_with_ones(10000), 0);
	cr_assert_eq(block_with_ones(9726) & monobit, 0);
	cr_assert_eq(block_with_ones(9725) & monobit, monobit);
	cr_assert_eq(block_with_ones(10274) & monobit, 0);
	cr_assert_eq(block_with_ones(10275) & monobit, monobit);
}

/*
 * A block with the given number of each nibble, in rotating order so that no
 * other count decides what poker says.
 */
static unsigned int poker_of(const unsigned int count[16])
{
	unsigned int left[16], total = 0;
	uint8_t data[FIPS_BLOCK] = { 0 };

	memcpy(left, count, sizeof(left));
	for (unsigned int v = 0; total < 2 * FIPS_BLOCK; v = (v + 1) % 16) {
		if (left[v] == 0)
			continue;
		left[v]--;
		data[total / 2] = (uint8_t)(data[total / 2] << 4 | v);
		total++;
	}
	return test_block(data) & 1u << FIPS_POKER;
}

static unsigned int sum_of_squares(const unsigned int count[16])
{
	unsigned int sum = 0;

	for (int i = 0; i < 16; i++)
		sum += count[i] * count[i];
	return sum;
}

/*
 * Finds counts whose squares sum up to `wanted`, from the flattest there are:
 * moving one from a to b changes the sum by 2 (b - a + 1), which is even, as is
 * every sum of 5,000 nibbles.
 */
static void find_counts(struct testrand *r, unsigned int wanted,
			unsigned int count[16])
{
	for (int i = 0; i < 16; i++)
		count[i] = 312 + (i < 8);
	while (sum_of_squares(count) != wanted) {
		unsigned int a = (unsigned int)testrand_below(r, 16);
		unsigned int b = (unsigned int)testrand_below(r, 16);
		unsigned int before = sum_of_squares(count), after;

		if (a == b || count[a] == 0)
			continue;
		count[a]--;
		count[b]++;
		after = sum_of_squares(count);
		/* nearer is kept, and now and then what is not */
		if (abs((int)(after - wanted)) > abs((int)(before - wanted)) &&
		    testrand_below(r, 20) != 0) {
			count[a]++;
			count[b]--;
		}
	}
}

Test(fips, poker_bounds_are_exact)
{
	static const struct {
		unsigned int sum;
		int fails;
	} cases[] = {
		{ 1563174, 1 }, { 1563176, 0 }, { 1576928, 0 }, { 1576930, 1 }
	};
	struct testrand r = testrand_new("poker_bounds");
	unsigned int count[16];

	for (size_t i = 0; i < 4; i++) {
		find_counts(&r, cases[i].sum, count);
		cr_assert_eq(!!poker_of(count), cases[i].fails, "sum %u",
			     cases[i].sum);
	}
}

#define CLASSES 6

static void put_run(uint8_t *data, size_t *pos, int bit, unsigned int len)
{
	while (len-- > 0 && *pos < 20000)
		set_bit(data, (*pos)++, bit);
}

/*
 * A block made of runs: runs[bit][i] of length i + 1, ones and zeros in turn,
 * the counts of both within one of each other.  What is left of 20,000 bits
 * goes into the first run of the last class (6 or more).
 */
static unsigned int block_of_runs(const unsigned int runs[2][CLASSES])
{
	unsigned int left[2][CLASSES], stretch = 20000;
	uint8_t data[FIPS_BLOCK] = { 0 };
	size_t pos = 0;

	memcpy(left, runs, sizeof(left));
	for (unsigned int i = 0; i < CLASSES; i++)
		stretch -= (runs[0][i] + runs[1][i]) * (i + 1);
	for (int bit = 0; pos < 20000; bit = !bit) {
		unsigned int i = 0;

		while (i < CLASSES && left[bit][i] == 0)
			i++;
		cr_assert_lt(i, CLASSES);
		left[bit][i]--;
		put_run(data, &pos, bit,
			i + 1 + (i == CLASSES - 1 ? stretch : 0));
		if (i == CLASSES - 1)
			stretch = 0;
	}
	return test_block(data) & 1u << FIPS_RUNS;
}

/* Ideal counts; both bits alike, 2500 + 1250 + 625 + 313 + 156 + 156 = 5000. */
static const unsigned int ideal[2][CLASSES] = {
	{ 2500, 1250, 625, 313, 156, 156 },
	{ 2500, 1250, 625, 313, 156, 156 },
};

/* The number of runs must stay: other classes of this bit pay for a change. */
static unsigned int runs_with(int bit, int class, unsigned int count)
{
	int change = (int)count - (int)ideal[bit][class];
	unsigned int runs[2][CLASSES];

	memcpy(runs, ideal, sizeof(runs));
	runs[bit][class] = count;
	if (class == 0) {
		/* more than one other class could pay within its bounds */
		runs[bit][1] -= change / 2;
		runs[bit][2] -= change - change / 2;
	} else {
		runs[bit][0] -= change;
	}
	return block_of_runs((const unsigned int(*)[CLASSES])runs);
}

Test(fips, runs_bounds_are_exact)
{
	static const unsigned int bounds[CLASSES][2] = {
		{ 2315, 2685 }, { 1114, 1386 }, { 527, 723 },
		{ 240, 384 },	{ 103, 209 },	{ 103, 209 },
	};

	cr_assert_eq(block_of_runs(ideal), 0);
	for (int bit = 0; bit < 2; bit++) {
		for (int i = 0; i < CLASSES; i++) {
			cr_expect_eq(runs_with(bit, i, bounds[i][0]), 0,
				     "%d: %d low", bit, i + 1);
			cr_expect_neq(runs_with(bit, i, bounds[i][0] - 1), 0,
				      "%d: %d too low", bit, i + 1);
			cr_expect_eq(runs_with(bit, i, bounds[i][1]), 0,
				     "%d: %d high", bit, i + 1);
			cr_expect_neq(runs_with(bit, i, bounds[i][1] + 1), 0,
				      "%d: %d too high", bit, i + 1);
		}
	}
}

/* The vector with a run of exactly len at `start`. */
static unsigned int block_with_run(int bit, size_t start, size_t len)
{
	uint8_t data[FIPS_BLOCK];

	fill_vector(data, sizeof(data));
	for (size_t i = start; i < start + len; i++)
		set_bit(data, i, bit);
	if (start > 0)
		set_bit(data, start - 1, !bit);
	if (start + len < 20000)
		set_bit(data, start + len, !bit);
	return test_block(data);
}

Test(fips, long_run_begins_at_26)
{
	for (int bit = 0; bit < 2; bit++) {
		for (size_t start = 5000; start < 5064; start++) {
			cr_assert_eq(block_with_run(bit, start, 25), 0);
			cr_assert_eq(block_with_run(bit, start, 26),
				     1u << FIPS_LONG_RUN);
		}
	}
}

Test(fips, long_run_is_seen_at_both_ends_of_a_block)
{
	for (int bit = 0; bit < 2; bit++) {
		cr_assert_eq(block_with_run(bit, 0, 25), 0);
		cr_assert_eq(block_with_run(bit, 0, 26), 1u << FIPS_LONG_RUN);
		cr_assert_eq(block_with_run(bit, 20000 - 25, 25), 0);
		cr_assert_eq(block_with_run(bit, 20000 - 26, 26),
			     1u << FIPS_LONG_RUN);
	}
}

Test(fips, stuck_source_fails_every_test)
{
	for (int byte = 0; byte < 256; byte += 255) {
		uint8_t data[FIPS_BLOCK];

		memset(data, byte, sizeof(data));
		cr_assert_eq(test_block(data), (1u << FIPS_TESTS) - 1);
	}
}

Test(fips, no_block_is_tested_before_it_is_whole)
{
	uint8_t data[4 + FIPS_BLOCK + 1] = { 1, 2, 3, 4 };
	struct fips f;

	fill_vector(data + 4, FIPS_BLOCK + 1);
	fips_init(&f);
	cr_assert_eq(fips_feed(&f, data, 0), 0);
	cr_assert_eq(fips_feed(&f, data, 4 + FIPS_BLOCK - 1), 0);
	cr_assert_eq(f.blocks, 0);
	cr_assert_eq(fips_feed(&f, data + 4 + FIPS_BLOCK - 1, 2), 0);
	cr_assert_eq(f.blocks, 1);
	cr_assert_eq(f.failures, 0);
}

Test(fips, splitting_the_feed_does_not_matter)
{
	enum {
		LEN = 40 * FIPS_BLOCK + 700
	};
	struct testrand r = testrand_new("fips splitting_the_feed");
	static uint8_t data[LEN];
	struct fips whole, pieces;
	size_t n;

	testrand_fill(&r, data, LEN);
	memset(data + 9 * FIPS_BLOCK, 0x55, 3000);
	fips_init(&whole);
	fips_init(&pieces);
	fips_feed(&whole, data, LEN);
	for (size_t at = 0; at < LEN; at += n) {
		n = testrand_below(&r, 2 * FIPS_BLOCK);
		n = n < LEN - at ? n : LEN - at;
		fips_feed(&pieces, data + at, n);
	}
	cr_assert_eq(whole.blocks, 40);
	cr_assert_geq(whole.failures, 1);
	cr_assert_eq(memcmp(&whole, &pieces, sizeof(whole)), 0);
}

Test(fips, init_wipes_what_was_collected)
{
	static const struct fips zero;
	uint8_t data[300];
	struct fips f;

	memset(data, 0xa5, sizeof(data));
	fips_init(&f);
	fips_feed(&f, data, sizeof(data));
	fips_init(&f);
	cr_assert_eq(memcmp(&f, &zero, sizeof(f)), 0);
}

/* 7.85e-4, measured on 8.4 million blocks. */
Test(fips, good_data_fails_as_often_as_it_should)
{
	enum {
		BLOCKS = 20000
	};
	struct testrand r = { 140 }; /* 3 sigma is no wonder: one seed */
	const double expected = BLOCKS * 7.85e-4;
	uint8_t data[FIPS_BLOCK];
	struct fips f;

	fips_init(&f);
	for (int i = 0; i < BLOCKS; i++) {
		testrand_fill(&r, data, sizeof(data));
		fips_feed(&f, data, sizeof(data));
	}
	cr_assert_lt(fabs((double)f.failures - expected), 3 * sqrt(expected),
		     "%llu failures, %.1f expected",
		     (unsigned long long)f.failures, expected);
}
