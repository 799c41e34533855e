/*
 * trend.c - drift of raw samples, judged by binomial tails
 *
 * The tail.  Of n trials, each a hit with probability at most p whatever came
 * before it, k > np or more are hits with probability at most
 * exp(-n D(k/n, p)), D(q, p) = q ln(q/p) + (1-q) ln((1-q)/(1-p)) (Chernoff;
 * holds for dependent trials too, as each factor is bounded given the past).
 * "k of n contradicts p at 2^-a" below means n D(k/n, p) >= a ln 2.
 *
 * H contradicted: failure.  Guessing from the last bit can be done in four
 * ways: always 1, always 0, as before, other than before.  Under H per bit each
 * hits with p <= 2^-H, so a window with one that contradicts p at 2^-60 denies
 * H.  At H = 0.8, p = 0.5743, that takes 0.5806 of 524,288 bits; a board of
 * 0.55 is 44 sigma away, one that drifted to 0.65 is beyond it by 105, so the
 * first window behind the drift denies H: at most 131,071 samples.  Likewise
 * for the most common of 256 bytes, at 2^-68.  57.6 kB/s are 2.8e7 windows a
 * year: under 1.3e-10 false failures in one, for a board that is exactly as bad
 * as H says, and none that could be written down for one of P(1) <= 0.55.
 *
 * Drift: warning.  TREND_DRIFT is a physical bound, wider than what
 * temperature does to a board: independent bits spread a window's P(1) by sigma
 * 0.00069 (0.00071 against the baseline), so 0.020 is 28 sigma: no false
 * warning while the board stays, nor with P(same) = 0.6, which widens sigma by
 * 1.22.  A drift is warned of in the first window that lies behind it.  The
 * most common byte may come MODE_RISE times as often as in the baseline; an
 * ideal source would need 12 sigma for that.
 *
 * FIPS blocks: warning.  p is the baseline's upper bound at 2^-30, at least
 * FIPS_RISE times its rate, as the rate of a board with bias follows smallest
 * changes of it (P(1) 0.505 -> 0.507: fourfold).  TREND_BLOCKS blocks that
 * contradict p at 2^-30 warn; 7.1e5 such groups a year bound false warnings to
 * 6.6e-4 a year, that is one in 1,500 device-years.  A good source's baseline
 * of 3 in 4096 warns from 32 failures in 1024.  p reaches 1 for a board whose
 * blocks fail all the time (P(1) = 0.55): then its bias alone is watched.
 */
#include "host-agent/trend.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#define ALPHA_H_BIT  60 /* -log2 of the chance of a false alarm in a window */
#define ALPHA_H_BYTE (ALPHA_H_BIT + 8) /* for one of 256 bytes */
#define ALPHA_FIPS   30		       /* likewise, in TREND_BLOCKS blocks */

#define MODE_RISE 1.5
#define FIPS_RISE 3.0

#define LEARN_BYTES ((uint64_t)TREND_LEARN_WINDOWS * ESTIMATE_WINDOW)
#define COUNT_MAX   (UINT64_C(1) << 40)

static double rate(const struct trend_rate *r)
{
	return r->n ? (double)r->hits / (double)r->n : 0;
}

/* x ln(x/y), continued to 0 at x = 0. */
static double divergence_part(double x, double y)
{
	return x > 0 ? x * log(x / y) : 0;
}

/* At most 2^-(what is returned) is the chance of as many hits, each <= p. */
static double evidence_bits(const struct trend_rate *r, double p)
{
	double q = rate(r);

	if (q <= p)
		return 0;
	return (double)r->n *
	       (divergence_part(q, p) + divergence_part(1 - q, 1 - p)) / M_LN2;
}

/* The least p that r does not contradict from above at 2^-alpha. */
static double upper_bound(const struct trend_rate *r, double alpha)
{
	double low = rate(r), high = 1;
	struct trend_rate misses = { r->n, r->n - r->hits };

	for (int i = 0; i < 60; i++) {
		double p = (low + high) / 2;

		if (evidence_bits(&misses, 1 - p) >= alpha)
			high = p;
		else
			low = p;
	}
	return high;
}

int trend_init(struct trend *t, unsigned int h_byte_millibits,
	       unsigned int h_bit_millibits)
{
	if (h_byte_millibits < 500 || h_byte_millibits > 8000 ||
	    h_bit_millibits < 100 || h_bit_millibits > 1000)
		return -EINVAL;
	memset(t, 0, sizeof(*t));
	t->p_byte = exp2(-(double)h_byte_millibits / 1000);
	t->p_bit = exp2(-(double)h_bit_millibits / 1000);
	return 0;
}

void trend_reset(struct trend *t)
{
	double p_bit = t->p_bit, p_byte = t->p_byte;

	memset(t, 0, sizeof(*t));
	t->p_bit = p_bit;
	t->p_byte = p_byte;
}

bool trend_windows_learnt(const struct trend_baseline *b)
{
	return b->mode.n >= LEARN_BYTES;
}

bool trend_blocks_learnt(const struct trend_baseline *b)
{
	return b->blocks.n >= TREND_LEARN_BLOCKS;
}

bool trend_learnt(const struct trend *t)
{
	return trend_windows_learnt(&t->base) && trend_blocks_learnt(&t->base);
}

static bool is_sane(const struct trend_rate *r, uint64_t least)
{
	return r->n >= least && r->n <= COUNT_MAX && r->hits <= r->n;
}

bool trend_baseline_is_sane(const struct trend_baseline *b)
{
	return is_sane(&b->ones, 8 * LEARN_BYTES) &&
	       is_sane(&b->same, 8 * LEARN_BYTES - TREND_LEARN_WINDOWS) &&
	       is_sane(&b->mode, LEARN_BYTES) &&
	       b->mode.hits >= b->mode.n / 256 &&
	       is_sane(&b->blocks, b->blocks.n ? TREND_LEARN_BLOCKS : 0);
}

void trend_set_baseline(struct trend *t, const struct trend_baseline *b)
{
	t->base = *b;
}

/* The four ways to guess a bit from the last one. */
static bool denies_bit_h(const struct trend *t)
{
	const struct estimate_result *r = &t->last;
	uint64_t bits = 8 * r->samples, pairs = bits - 1;
	const struct trend_rate guess[] = {
		{ bits, r->ones },
		{ bits, bits - r->ones },
		{ pairs, r->same },
		{ pairs, pairs - r->same },
	};

	for (size_t i = 0; i < sizeof(guess) / sizeof(guess[0]); i++)
		if (evidence_bits(&guess[i], t->p_bit) >= ALPHA_H_BIT)
			return true;
	return false;
}

static bool denies_byte_h(const struct trend *t)
{
	const struct trend_rate mode = { t->last.samples, t->last.byte_mode };

	return evidence_bits(&mode, t->p_byte) >= ALPHA_H_BYTE;
}

static bool drifted(uint64_t hits, uint64_t n, const struct trend_rate *base)
{
	return fabs((double)hits / (double)n - rate(base)) * 1000 >
	       TREND_DRIFT_MILLI;
}

/* Against the baseline, which is there. */
static enum trend_reason window_warns(const struct trend *t)
{
	const struct estimate_result *r = &t->last;
	uint64_t bits = 8 * r->samples;

	if (drifted(r->ones, bits, &t->base.ones))
		return TREND_DRIFT_ONES;
	if (drifted(r->same, bits - 1, &t->base.same))
		return TREND_DRIFT_SERIAL;
	if ((double)r->byte_mode / (double)r->samples >
	    MODE_RISE * rate(&t->base.mode))
		return TREND_DRIFT_BYTES;
	return TREND_WELL;
}

static void learn(struct trend_rate *base, uint64_t n, uint64_t hits)
{
	base->n += n;
	base->hits += hits;
}

static void learn_window(struct trend *t)
{
	uint64_t bits = 8 * t->last.samples;

	learn(&t->base.ones, bits, t->last.ones);
	learn(&t->base.same, bits - 1, t->last.same);
	learn(&t->base.mode, t->last.samples, t->last.byte_mode);
}

static void fail(struct trend *t, enum trend_reason reason)
{
	t->verdict = TREND_FAIL;
	t->reason = reason;
}

/* A warning stays until its cause was away for TREND_CLEAR windows. */
static void warn(struct trend *t, enum trend_reason reason)
{
	if (reason != TREND_WELL) {
		t->verdict = TREND_WARN;
		t->reason = reason;
		t->well = 0;
	} else if (t->verdict == TREND_WARN && ++t->well >= TREND_CLEAR) {
		t->verdict = TREND_NONE;
		t->reason = TREND_WELL;
	}
}

enum trend_verdict trend_add_window(struct trend *t, const struct estimate *e)
{
	enum trend_reason reason = TREND_WELL;

	if (estimate_result(e, &t->last) < 0 || t->verdict == TREND_FAIL)
		return t->verdict;
	if (denies_bit_h(t)) {
		fail(t, TREND_H_BIT);
	} else if (denies_byte_h(t)) {
		fail(t, TREND_H_BYTE);
	} else {
		if (trend_windows_learnt(&t->base))
			reason = window_warns(t);
		else
			learn_window(t);
		if (reason == TREND_WELL && t->fips_high)
			reason = TREND_FIPS_RATE;
		warn(t, reason);
	}
	t->windows++;
	return t->verdict;
}

static bool fips_rises(const struct trend *t)
{
	double p = fmax(upper_bound(&t->base.blocks, ALPHA_FIPS),
			FIPS_RISE * rate(&t->base.blocks));

	return p < 1 && evidence_bits(&t->fips, p) >= ALPHA_FIPS;
}

enum trend_verdict trend_add_blocks(struct trend *t, uint64_t blocks,
				    uint64_t failures)
{
	if (t->verdict == TREND_FAIL)
		return t->verdict;
	if (!trend_blocks_learnt(&t->base)) {
		learn(&t->base.blocks, blocks, failures);
		return t->verdict;
	}
	learn(&t->fips, blocks, failures);
	if (t->fips.n < TREND_BLOCKS)
		return t->verdict;
	t->fips_high = fips_rises(t);
	t->fips = (struct trend_rate){ 0, 0 };
	if (t->fips_high)
		warn(t, TREND_FIPS_RATE);
	return t->verdict;
}

const char *trend_reason_name(enum trend_reason r)
{
	static const char *const names[TREND_REASONS] = {
		[TREND_WELL] = "none",
		[TREND_DRIFT_ONES] = "p1-drift",
		[TREND_DRIFT_SERIAL] = "serial-drift",
		[TREND_DRIFT_BYTES] = "byte-drift",
		[TREND_FIPS_RATE] = "fips-rate",
		[TREND_H_BIT] = "bit-entropy",
		[TREND_H_BYTE] = "byte-entropy",
	};

	return (unsigned int)r < TREND_REASONS ? names[r] : "unknown";
}
