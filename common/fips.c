/*
 * fips.c - FIPS 140-1 4.11.1 with the bounds of FIPS 140-2 (2001-10-10)
 *
 * The continuous run test is rngd's: on 32-bit little-endian words, its state
 * carried from block to block.
 */
#include "common/fips.h"

#include <string.h>

#define WORD 4 /* bytes */

#define MONOBIT_MIN  9726
#define MONOBIT_MAX  10274
#define POKER_MIN    1563176 /* sum of squares, X = 2.1632 */
#define POKER_MAX    1576928 /* X = 46.1696 */
#define RUN_CLASSES  6	     /* length 1..5, and 6 or more */
#define LONG_RUN_MIN 26

static const struct {
	uint16_t min, max;
} run_bounds[RUN_CLASSES] = {
	{ 2315, 2685 }, { 1114, 1386 }, { 527, 723 },
	{ 240, 384 },	{ 103, 209 },	{ 103, 209 },
};

struct runs {
	unsigned int count[2][RUN_CLASSES];
	unsigned int longest;
};

void fips_init(struct fips *f)
{
	explicit_bzero(f, sizeof(*f));
}

void fips_forget_block(struct fips *f)
{
	uint64_t blocks = f->blocks, failures = f->failures;
	uint64_t failed[FIPS_TESTS];

	memcpy(failed, f->failed, sizeof(failed));
	fips_init(f);
	f->blocks = blocks;
	f->failures = failures;
	memcpy(f->failed, failed, sizeof(failed));
}

static uint32_t word_le(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static int monobit_fails(const uint8_t *block)
{
	int ones = 0;

	for (size_t i = 0; i < FIPS_BLOCK; i += WORD)
		ones += __builtin_popcount(word_le(block + i));
	return ones < MONOBIT_MIN || ones > MONOBIT_MAX;
}

static int poker_fails(const uint8_t *block)
{
	unsigned int count[16] = { 0 }, sum = 0;

	for (size_t i = 0; i < FIPS_BLOCK; i++) {
		count[block[i] >> 4]++;
		count[block[i] & 15]++;
	}
	for (size_t i = 0; i < 16; i++)
		sum += count[i] * count[i];
	return sum < POKER_MIN || sum > POKER_MAX;
}

static void runs_add(struct runs *r, int bit, unsigned int length)
{
	unsigned int class = length - 1;

	r->count[bit][class < RUN_CLASSES ? class : RUN_CLASSES - 1]++;
	if (length > r->longest)
		r->longest = length;
}

/*
 * A set bit of `edges` differs from the bit before it, so it ends a run; there
 * is no edge before the first bit of a block.
 */
static void runs_count(struct runs *r, const uint8_t *block)
{
	unsigned int start = 0, pos = 0;
	int bit = block[0] >> 7;
	uint32_t before = (uint32_t)bit;

	for (; pos < FIPS_BLOCK * 8; pos += 32) {
		uint32_t word = __builtin_bswap32(word_le(block + pos / 8));
		uint32_t edges = word ^ (word >> 1 | before << 31);

		while (edges) {
			unsigned int n = (unsigned int)__builtin_clz(edges);

			runs_add(r, bit, pos + n - start);
			start = pos + n;
			bit = !bit;
			edges &= ~(0x80000000u >> n);
		}
		before = word & 1;
	}
	runs_add(r, bit, pos - start);
}

static int runs_fail(const struct runs *r)
{
	for (size_t i = 0; i < RUN_CLASSES; i++)
		for (size_t bit = 0; bit < 2; bit++)
			if (r->count[bit][i] < run_bounds[i].min ||
			    r->count[bit][i] > run_bounds[i].max)
				return 1;
	return 0;
}

static int continuous_fails(const uint8_t *block, uint32_t *last_word)
{
	int fails = 0;

	for (size_t i = 0; i < FIPS_BLOCK; i += WORD) {
		uint32_t word = word_le(block + i);

		fails |= word == *last_word;
		*last_word = word;
	}
	return fails;
}

unsigned int fips_test_block(const uint8_t block[static FIPS_BLOCK],
			     uint32_t *last_word)
{
	struct runs runs = { .longest = 0 };
	unsigned int failed = 0;

	runs_count(&runs, block);
	if (monobit_fails(block))
		failed |= 1u << FIPS_MONOBIT;
	if (poker_fails(block))
		failed |= 1u << FIPS_POKER;
	if (runs_fail(&runs))
		failed |= 1u << FIPS_RUNS;
	if (runs.longest >= LONG_RUN_MIN)
		failed |= 1u << FIPS_LONG_RUN;
	if (continuous_fails(block, last_word))
		failed |= 1u << FIPS_CONTINUOUS;
	return failed;
}

static unsigned int account_block(struct fips *f, const uint8_t *block)
{
	unsigned int failed = fips_test_block(block, &f->last_word);

	f->blocks++;
	for (int t = 0; t < FIPS_TESTS; t++)
		f->failed[t] += failed >> t & 1;
	if (failed)
		f->failures++;
	return failed != 0;
}

/* Moves up to want - have bytes into the block; 1 once it holds want. */
static int collect(struct fips *f, size_t want, const uint8_t **data,
		   size_t *len)
{
	size_t n = want - f->have < *len ? want - f->have : *len;

	memcpy(f->block + f->have, *data, n);
	f->have += n;
	*data += n;
	*len -= n;
	return f->have == want;
}

static void drop_block(struct fips *f)
{
	explicit_bzero(f->block, f->have);
	f->have = 0;
}

unsigned int fips_feed(struct fips *f, const uint8_t *data, size_t len)
{
	unsigned int failures = 0;

	while (len > 0) {
		if (!f->primed) {
			if (!collect(f, WORD, &data, &len))
				break;
			f->last_word = word_le(f->block);
			f->primed = 1;
			drop_block(f);
		} else if (f->have == 0 && len >= FIPS_BLOCK) {
			failures += account_block(f, data);
			data += FIPS_BLOCK;
			len -= FIPS_BLOCK;
		} else if (collect(f, FIPS_BLOCK, &data, &len)) {
			failures += account_block(f, f->block);
			drop_block(f);
		}
	}
	return failures;
}
