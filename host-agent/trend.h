/*
 * trend.h - is this board still the board that it was?
 *
 * Fed each full window of the estimators and the results of FIPS 140-2 blocks,
 * both on raw samples.  A failure: a window contradicts the configured H.  A
 * warning: the board left the band around its own baseline, which is learnt
 * from its first windows, or its blocks fail far more often than they did.  A
 * board whose raw P(1) is 0.55 for ever is as well as one of 0.5.  Adds no
 * credit, holds no samples.  Pure; theory and arithmetic are in trend.c.
 */
#ifndef HOST_AGENT_TREND_H
#define HOST_AGENT_TREND_H

#include <stdbool.h>
#include <stdint.h>

#include "common/estimate.h"

#define TREND_LEARN_WINDOWS 16	 /* of ESTIMATE_WINDOW: 1 MiB */
#define TREND_LEARN_BLOCKS  4096 /* FIPS blocks: 10 MB */
#define TREND_BLOCKS	    1024 /* FIPS blocks that are judged together */
#define TREND_CLEAR	    16	 /* windows back in the band end a warning */

#define TREND_DRIFT_MILLI 20 /* P(1), P(bit as before): +- 0.020 */

enum trend_verdict {
	TREND_NONE,
	TREND_WARN, /* ends by itself */
	TREND_FAIL, /* sticky until trend_reset() */
};

enum trend_reason {
	TREND_WELL,
	TREND_DRIFT_ONES,   /* P(1) left its band */
	TREND_DRIFT_SERIAL, /* P(bit as the bit before) left its band */
	TREND_DRIFT_BYTES,  /* the most common byte came far more often */
	TREND_FIPS_RATE,    /* FIPS blocks fail far more often */
	TREND_H_BIT,	    /* bits are easier to guess than H allows */
	TREND_H_BYTE,	    /* a byte is more common than H allows */
	TREND_REASONS,
};

struct trend_rate {
	uint64_t n, hits;
};

/*
 * What a board was like as it was learnt: counts add up until they are enough,
 * and are left alone from then on.  All zero: nothing is known.
 */
struct trend_baseline {
	struct trend_rate ones, same, mode; /* of windows */
	struct trend_rate blocks;
	/* of whoever keeps it; trend.c only hands these on */
	int64_t since_s; /* windows were learnt then, since 1970; 0: not said */
	bool recalled;	 /* they were before the device arrived */
};

struct trend {
	enum trend_verdict verdict;
	enum trend_reason reason; /* of the verdict */
	uint64_t windows;	  /* judged since trend_reset() */
	struct estimate_result last;
	struct trend_baseline base;
	/* the rest is private to trend.c */
	double p_bit, p_byte; /* 2^-H */
	struct trend_rate fips;
	unsigned int well; /* windows without a warning */
	bool fips_high;
};

/*
 * H as in struct sampler_conf: 500..8000 and 100..1000 millibits.
 * 0 or -EINVAL.
 */
int trend_init(struct trend *t, unsigned int h_byte_millibits,
	       unsigned int h_bit_millibits);

/*
 * Forgets verdict and baseline: for another device, or when the operator says
 * that this one is well.  A reset of the sampler is no reason to call it.
 */
void trend_reset(struct trend *t);

/* Judges one full window. */
enum trend_verdict trend_add_window(struct trend *t, const struct estimate *e);

/* blocks more were tested, of which failures (<= blocks) failed. */
enum trend_verdict trend_add_blocks(struct trend *t, uint64_t blocks,
				    uint64_t failures);

/* True once both baselines are known. */
bool trend_learnt(const struct trend *t);

/* Each of them. */
bool trend_windows_learnt(const struct trend_baseline *b);
bool trend_blocks_learnt(const struct trend_baseline *b);

/* From elsewhere: windows are learnt, blocks are or are not, counts can be. */
bool trend_baseline_is_sane(const struct trend_baseline *b);

/* Judges by that one, or goes on learning it, from the next window on. */
void trend_set_baseline(struct trend *t, const struct trend_baseline *b);

/* "p1-drift" and the like; "none" for TREND_WELL. */
const char *trend_reason_name(enum trend_reason r);

#endif /* HOST_AGENT_TREND_H */
