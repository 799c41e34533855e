/*
 * sampler.h - raw samples of one device on their way to the pool
 *
 *   start-up ──4096 samples passed, all thrown away──▶ running
 *      ▲  ╲                                              │
 *      │   ╲──a test fails──▶ failed ◀──a test fails─────┘
 *      └───── sampler_reset() ───┘
 *
 * Quarantine: a sample is conditioned only after the SAMPLER_WINDOW that holds
 * it has passed every test.  At a failure the window, everything behind it
 * and the conditioner's input are wiped (SP 800-90B 4.3).  Samples that pass
 * while the pool is full are dropped before conditioning.
 *
 * A failure is known at the failing sample.  Whether it is permanent may take
 * up to a window longer (health.h): samples that follow are only counted for
 * that, until it is settled.  No I/O, no clock.
 */
#ifndef HOST_AGENT_SAMPLER_H
#define HOST_AGENT_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/fips.h"
#include "common/health.h"
#include "host-agent/trend.h"

#define SAMPLER_WINDOW	512  /* bytes: one APT window on bytes, four on bits */
#define SAMPLER_STARTUP 4096 /* samples; SP 800-90B 4.3 asks for >= 1024 */

struct pool;
struct sampler;

enum sampler_state {
	SAMPLER_STARTING,
	SAMPLER_RUNNING,
	SAMPLER_FAILED, /* sticky until sampler_reset() */
};

/* What fails a sampler: an enum health_test, or one of these. */
enum sampler_test {
	SAMPLER_DUP = HEALTH_TESTS, /* a block of 16 bytes came twice */
	SAMPLER_TREND,		    /* a window of 64 KiB denies H; permanent */
	SAMPLER_CRYPTO,		    /* libcrypto */
	SAMPLER_TESTS,		    /* how many there are; none failed */
};

struct sampler_conf {
	unsigned int h_byte_millibits; /* also what conditioning counts with */
	unsigned int h_bit_millibits;
	unsigned int device; /* number that blocks carry */
};

/*
 * Counts are over the sampler's life.  samples = startup + conditioned + wiped
 * + surplus + captured + those in quarantine now (fewer than SAMPLER_WINDOW).
 */
struct sampler_stats {
	enum sampler_state state;
	/* Of the last failure. */
	unsigned int failed_test;     /* SAMPLER_TESTS: there was none */
	bool permanent;		      /* met at alpha = 2^-60 */
	bool settled;		      /* permanent is known */
	uint64_t failed_at;	      /* samples since the reset, inclusive */
	uint64_t failed_sample;	      /* the same since ever */
	uint64_t failed_released;     /* of its window; 0 or a bug */
	uint64_t samples;	      /* received, ever */
	uint64_t startup_samples;     /* passed and thrown away by start-up */
	uint64_t conditioned_samples; /* went into the conditioner */
	uint64_t wiped_samples;	      /* lost to failures and resets */
	uint64_t surplus_samples;     /* tested, but the pool was full */
	uint64_t captured_samples;    /* tested and diverted */
	uint64_t blocks;	      /* given to the pool */
	uint64_t failures[SAMPLER_TESTS];
	uint64_t resets;
	uint64_t reset_samples;	 /* samples at the last one */
	const struct fips *fips; /* on raw samples, never a verdict */
	const struct trend *trend;
};

/* NULL and errno (EINVAL: no cutoffs for this H; EIO: libcrypto; secmem's). */
struct sampler *sampler_new(const struct sampler_conf *conf, struct pool *pool);
void sampler_free(struct sampler *s); /* wipes; NULL is fine */

/*
 * Back to start-up with fresh tests; wipes what is quarantined and what the
 * conditioner holds.  For every open, replug, resume and change of mode.
 * Hashes of the blocks seen stay: a start-up test in which any of them comes
 * again, at whatever offset, fails, so that a source which repeats itself is
 * served from once.
 */
void sampler_reset(struct sampler *s);

/* Forgets the blocks seen: another device. */
void sampler_forget_blocks(struct sampler *s);

/* Forgets the trend's baseline and verdict: another device, or forgiven. */
void sampler_forget_trend(struct sampler *s);

/* The trend judges by it, or goes on learning it. */
void sampler_set_baseline(struct sampler *s, const struct trend_baseline *b);

/*
 * 0; -EIO once failed (what follows is counted as wiped, and looked at only to
 * settle the failure, until sampler_reset()).  raw stays the caller's, who
 * wipes it.
 */
int sampler_feed(struct sampler *s, const uint8_t *raw, size_t len);

/*
 * From the next window on, passed windows go to fn and nowhere else; a NULL fn
 * ends that.  raw is the sampler's and wiped on return; NULL with a len of 0 says
 * that what follows is not consecutive: a failure, a reset, or the sampler's
 * end.  fn may call this function, and no other one of the sampler.
 */
typedef void (*sampler_divert_fn)(void *ctx, const uint8_t *raw, size_t len);
void sampler_divert(struct sampler *s, sampler_divert_fn fn, void *ctx);

/* "rct-byte", ..., "dup", "trend", "conditioning"; "none". */
const char *sampler_test_name(unsigned int test);

void sampler_stats(const struct sampler *s, struct sampler_stats *out);

#endif /* HOST_AGENT_SAMPLER_H */
