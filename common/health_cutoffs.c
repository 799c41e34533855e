/*
 * health_cutoffs.c - the cutoffs C for alpha = 2^-30, computed once and frozen
 *
 * tests/check/cutoffs.py recomputes every entry with high precision:
 *
 *   RCT        C = 1 + ceil(30 / H)                        SP 800-90B 4.4.1
 *   APT bytes  C = 2 + k, k the smallest with P(X > k) <= 2^-30 for
 *              X ~ Binomial(W - 1, 2^-H), W = 512          SP 800-90B 4.4.2
 *   APT bits   C = 2 + k, k the smallest with P(X > k) + P(W - X > k) <= 2^-30
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

struct cutoff_row {
	uint16_t h_millibits;
	uint16_t rct;
	uint16_t apt;
};

static const struct cutoff_row byte_cutoffs[] = {
	{ 500, 61, 422 },  { 1000, 31, 325 }, { 1500, 21, 249 },
	{ 2000, 16, 191 }, { 2500, 13, 148 }, { 3000, 11, 115 },
	{ 3500, 10, 90 },  { 4000, 9, 71 },   { 4500, 8, 57 },
	{ 5000, 7, 46 },   { 5500, 7, 38 },   { 6000, 6, 32 },
	{ 6500, 6, 27 },   { 7000, 6, 23 },   { 7500, 5, 20 },
	{ 8000, 5, 17 },
};

static const struct cutoff_row bit_cutoffs[] = {
	{ 100, 301, 1000 }, { 250, 121, 929 }, { 500, 61, 811 },
	{ 750, 41, 704 },   { 800, 39, 684 },  { 900, 35, 646 },
	{ 1000, 31, 612 },
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
	out->c[HEALTH_RCT_BYTE] = byte->rct;
	out->c[HEALTH_APT_BYTE] = byte->apt;
	out->c[HEALTH_RCT_BIT] = bit->rct;
	out->c[HEALTH_APT_BIT] = bit->apt;
	return 0;
}
