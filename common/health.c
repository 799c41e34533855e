/*
 * health.c - RCT and APT on bytes and on bits (SP 800-90B, 4.4.1 and 4.4.2)
 *
 * Every count runs on over calls.  A byte's bits are looked at together: what
 * is asked is whether a count reaches its cutoff within this byte, and failures
 * are placed to the byte.
 *
 * The APT on bits is two-sided: it counts the reference bit and its complement,
 * as SP 800-90B allows for binary sources, because a one-sided count misses a
 * window that happens to begin with the rare bit.  Which of the two is the
 * reference then does not matter, so only the ones are counted.
 *
 * Permanent level: a failed test goes on with the run or window it failed in.
 * A count below the cutoff can only belong to the next one.
 */
#include "common/health.h"

#include <errno.h>
#include <string.h>

void health_init(struct health *h, const struct health_cutoffs *cut)
{
	memset(h, 0, sizeof(*h));
	h->cut = *cut;
	h->failed = HEALTH_TESTS;
}

void health_reset(struct health *h)
{
	struct health_cutoffs cut = h->cut;

	explicit_bzero(h, sizeof(*h));
	health_init(h, &cut);
}

/* A run of 0 stands for "no sample yet". */
static unsigned int rct_byte(struct health *h, uint8_t sample)
{
	if (h->rct_byte_run == 0 || sample != h->last_byte) {
		h->last_byte = sample;
		h->rct_byte_run = 0;
	}
	if (h->rct_byte_run < UINT16_MAX)
		h->rct_byte_run++;
	return h->rct_byte_run;
}

static unsigned int apt_byte(struct health *h, uint8_t sample)
{
	if (h->apt_byte_pos == 0) {
		h->apt_byte = sample;
		h->apt_byte_count = 0;
	}
	h->apt_byte_count =
		(uint16_t)(h->apt_byte_count + (sample == h->apt_byte));
	h->apt_byte_pos =
		(uint16_t)((h->apt_byte_pos + 1) % HEALTH_APT_BYTE_WINDOW);
	return h->apt_byte_count;
}

/*
 * Looked at is the run that comes in, wherever it ends; the one that goes out
 * is counted for the next byte.  A run within the byte is at most 8 long, below
 * every cutoff (31 at H = 1).
 */
static unsigned int rct_bit(struct health *h, uint8_t sample)
{
	unsigned int same, run;

	if (h->rct_bit_run == 0)
		h->last_bit = sample >> 7;
	same = h->last_bit ? (uint8_t)~sample : sample;
	if (same == 0) {
		run = h->rct_bit_run + 8u;
		h->rct_bit_run = (uint16_t)run;
		return run;
	}
	run = h->rct_bit_run + (unsigned int)__builtin_clz(same << 24);
	h->last_bit = sample & 1;
	same = h->last_bit ? (uint8_t)~sample : sample;
	h->rct_bit_run = (uint16_t)__builtin_ctz(same | 0x100u);
	return run;
}

static unsigned int apt_bit(struct health *h, uint8_t sample)
{
	unsigned int zeros;

	if (h->apt_bit_pos == 0)
		h->apt_bit_ones = 0;
	h->apt_bit_ones =
		(uint16_t)(h->apt_bit_ones + __builtin_popcount(sample));
	zeros = h->apt_bit_pos + 8u - h->apt_bit_ones;
	h->apt_bit_pos =
		(uint16_t)((h->apt_bit_pos + 8) % HEALTH_APT_BIT_WINDOW);
	return h->apt_bit_ones > zeros ? h->apt_bit_ones : zeros;
}

/* The highest count of test t in this byte. */
static unsigned int count(struct health *h, enum health_test t, uint8_t sample)
{
	switch (t) {
	case HEALTH_RCT_BYTE:
		return rct_byte(h, sample);
	case HEALTH_APT_BYTE:
		return apt_byte(h, sample);
	case HEALTH_RCT_BIT:
		return rct_bit(h, sample);
	case HEALTH_APT_BIT:
		return apt_bit(h, sample);
	case HEALTH_TESTS:
		break;
	}
	return 0;
}

static void settle(struct health *h, unsigned int n)
{
	h->permanent = n >= h->cut.permanent[h->failed];
	h->settled = h->permanent || n < h->cut.c[h->failed];
}

static void test_sample(struct health *h, uint8_t sample)
{
	h->samples++;
	for (enum health_test t = 0; t < HEALTH_TESTS; t++) {
		unsigned int n = count(h, t, sample);

		if (n < h->cut.c[t])
			continue;
		h->failed = t;
		h->failed_at = h->samples;
		settle(h, n);
		return;
	}
}

int health_feed(struct health *h, const uint8_t *raw, size_t len)
{
	size_t i;

	for (i = 0; i < len && h->failed == HEALTH_TESTS; i++)
		test_sample(h, raw[i]);
	for (; i < len && !h->settled; i++)
		settle(h, count(h, h->failed, raw[i]));
	return h->failed == HEALTH_TESTS ? 0 : -EIO;
}

const char *health_test_name(enum health_test t)
{
	static const char *const names[] = {
		[HEALTH_RCT_BYTE] = "rct-byte", [HEALTH_APT_BYTE] = "apt-byte",
		[HEALTH_RCT_BIT] = "rct-bit",	[HEALTH_APT_BIT] = "apt-bit",
		[HEALTH_TESTS] = "none",
	};

	return t <= HEALTH_TESTS ? names[t] : "none";
}
