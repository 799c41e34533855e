/*
 * health_cutoffs.c - the cutoffs C for alpha = 2^-a, computed once and frozen
 *
 * a = 30 is a failure, for the RCT on bits a = 48; a = 60 is one for good (2^-60
 * is met once in 800,000 years of a source that is exactly as bad as H says).
 * The RCT decides at every sample, not once a window, and there are 1.5e13 bits
 * a year at 57.6 kB/s: 2^-30 would stop an ideal source 26 times a year, and a
 * healthy board of P(1) = 0.55 490 times.  With 2^-48 it is 9.5e-4 times.
 * tests/check/cutoffs.py recomputes every entry with high precision, and bounds
 * what all tests together do to such a board in a year:
 *
 *   RCT        C = 1 + ceil(a / H)                         SP 800-90B 4.4.1
 *   APT bytes  C = 2 + k, k the smallest with P(X > k) <= 2^-a for
 *              X ~ Binomial(W - 1, 2^-H), W = 512          SP 800-90B 4.4.2
 *   APT bits   C = 2 + k, k the smallest with P(X > k) + P(W - X > k) <= 2^-a
 *              for X ~ Binomial(W, 2^-H), W = 1024
 *
 * SP 800-90B prints 1 + critbinom(W, 2^-H, 1 - alpha) for both APTs.  The
 * correction for bytes takes into account that the first sample of a window
 * always matches itself.  The bit test fails on either symbol, so its bound
 * holds both tails; keeping the 2 over the whole window makes it no lower than
 * the published or the corrected value, and at H = 0.8 (684) one higher than
 * both: false alarms are rarer than alpha, never more frequent.
 */
#include "common/health.h"

#include <errno.h>

/* Each for a failure and one for good. */
struct cutoff_row {
	uint16_t h_millibits;
	uint16_t rct[2];
	uint16_t apt[2];
};

static const struct cutoff_row byte_cutoffs[] = {
	{ 500, { 61, 121 }, { 422, 447 } }, { 1000, { 31, 61 }, { 325, 355 } },
	{ 1500, { 21, 41 }, { 249, 280 } }, { 2000, { 16, 31 }, { 191, 221 } },
	{ 2500, { 13, 25 }, { 148, 175 } }, { 3000, { 11, 21 }, { 115, 140 } },
	{ 3500, { 10, 19 }, { 90, 112 } },  { 4000, { 9, 16 }, { 71, 92 } },
	{ 4500, { 8, 15 }, { 57, 75 } },    { 5000, { 7, 13 }, { 46, 63 } },
	{ 5500, { 7, 12 }, { 38, 53 } },    { 6000, { 6, 11 }, { 32, 45 } },
	{ 6500, { 6, 11 }, { 27, 38 } },    { 7000, { 6, 10 }, { 23, 33 } },
	{ 7500, { 5, 9 }, { 20, 29 } },	    { 8000, { 5, 9 }, { 17, 26 } },
};

static const struct cutoff_row bit_cutoffs[] = {
	{ 100, { 481, 601 }, { 1000, 1015 } },
	{ 250, { 193, 241 }, { 929, 956 } },
	{ 500, { 97, 121 }, { 811, 848 } },
	{ 750, { 65, 81 }, { 704, 745 } },
	{ 800, { 61, 76 }, { 684, 726 } },
	{ 900, { 55, 68 }, { 646, 689 } },
	{ 1000, { 49, 61 }, { 612, 655 } },
};

static const struct cutoff_row *find_row(const struct cutoff_row *rows,
					 size_t count, unsigned int h_millibits)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].h_millibits == h_millibits)
			return &rows[i];
	return NULL;
}

#define FIND_ROW(rows, h) find_row(rows, sizeof(rows) / sizeof((rows)[0]), h)

int health_cutoffs(struct health_cutoffs *out, unsigned int h_byte_millibits,
		   unsigned int h_bit_millibits)
{
	const struct cutoff_row *byte, *bit;

	byte = FIND_ROW(byte_cutoffs, h_byte_millibits);
	bit = FIND_ROW(bit_cutoffs, h_bit_millibits);
	if (!byte || !bit)
		return -ERANGE;
	for (int level = 0; level < 2; level++) {
		uint16_t *c = level ? out->permanent : out->c;

		c[HEALTH_RCT_BYTE] = byte->rct[level];
		c[HEALTH_APT_BYTE] = byte->apt[level];
		c[HEALTH_RCT_BIT] = bit->rct[level];
		c[HEALTH_APT_BIT] = bit->apt[level];
	}
	return 0;
}
