/*
 * health.h - continuous health tests on raw samples (SP 800-90B, 4.4)
 *
 * Repetition count test (RCT) and adaptive proportion test (APT), each on
 * bytes and on bits (most significant bit first).  One struct health per noise
 * source; feed it every raw sample, in order, before conditioning.  A verdict
 * is sticky: only health_reset() clears it.  The run or window that failed is
 * counted on to see whether it reaches the permanent cutoff.  Holds the last
 * sample, so it is wiped on reset.  Pure: no I/O, no clock, no allocation, libc only.
 */
#ifndef COMMON_HEALTH_H
#define COMMON_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEALTH_APT_BYTE_WINDOW 512  /* SP 800-90B 4.4.2, non-binary samples */
#define HEALTH_APT_BIT_WINDOW  1024 /* likewise, binary samples */

enum health_test {
	HEALTH_RCT_BYTE,
	HEALTH_APT_BYTE,
	HEALTH_RCT_BIT,
	HEALTH_APT_BIT,
	HEALTH_TESTS, /* how many there are; as a verdict: none failed */
};

/*
 * C of each test: it fails when its count reaches C, and for good when it
 * reaches the permanent one.  C of HEALTH_RCT_BIT is above 8: runs that begin
 * and end within one byte are not looked at.
 */
struct health_cutoffs {
	uint16_t c[HEALTH_TESTS];
	uint16_t permanent[HEALTH_TESTS];
};

/* H of each kind of sample, in 1/1000 bit. */
#define HEALTH_H_BYTE_DEFAULT 4000
#define HEALTH_H_BIT_DEFAULT  800

/*
 * Cutoffs for alpha = 2^-30 (RCT on bits: 2^-48) and 2^-60 from the frozen
 * table; h_byte is a multiple of 500 in 500..8000, h_bit one of 100, 250, 500,
 * 750, 800, 900, 1000.  0 or -ERANGE.
 */
int health_cutoffs(struct health_cutoffs *out, unsigned int h_byte_millibits,
		   unsigned int h_bit_millibits);

struct health {
	struct health_cutoffs cut;
	enum health_test failed; /* HEALTH_TESTS while all is well */
	uint64_t samples;	 /* bytes tested since the reset */
	uint64_t failed_at;	 /* bytes tested when it failed, inclusive */
	bool permanent;		 /* it reached the permanent cutoff */
	bool settled;		 /* failed, and permanent will not change */
	/* the rest is private to health.c */
	uint8_t last_byte, apt_byte, last_bit;
	uint16_t rct_byte_run, apt_byte_pos, apt_byte_count;
	uint16_t rct_bit_run, apt_bit_pos, apt_bit_ones;
};

void health_init(struct health *h, const struct health_cutoffs *cut);

/* Fresh state, the same cutoffs; forgets the last sample. */
void health_reset(struct health *h);

/*
 * Tests len samples (bytes).  0 while all is well; -EIO once a test has
 * failed, from then on until health_reset().  Behind the failing sample only
 * the failed test goes on, until h->settled: its run or window ended, or the
 * permanent cutoff was reached; at most one window later.
 */
int health_feed(struct health *h, const uint8_t *raw, size_t len);

/* "rct-byte", "apt-byte", "rct-bit", "apt-bit"; "none" for HEALTH_TESTS. */
const char *health_test_name(enum health_test t);

#endif /* COMMON_HEALTH_H */
