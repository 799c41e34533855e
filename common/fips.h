/*
 * fips.h - the statistical block tests of FIPS 140-2 (2001), as rngd runs them
 *
 * Blocks of 20,000 bits, most significant bit first.  Good data fails about
 * one block in 1274, so a single failure means nothing: it is a trend.  On
 * conditioned data it says little (reference: any cipher passes).  Pure.
 */
#ifndef COMMON_FIPS_H
#define COMMON_FIPS_H

#include <stddef.h>
#include <stdint.h>

#define FIPS_BLOCK 2500 /* bytes */

enum fips_test {
	FIPS_MONOBIT,
	FIPS_POKER,
	FIPS_RUNS,
	FIPS_LONG_RUN,
	FIPS_CONTINUOUS,
	FIPS_TESTS,
};

struct fips {
	uint64_t blocks;	     /* whole blocks tested */
	uint64_t failures;	     /* blocks that failed any test */
	uint64_t failed[FIPS_TESTS]; /* blocks that failed this test */
	/* the rest is private to fips.c */
	uint8_t block[FIPS_BLOCK];
	size_t have;
	uint32_t last_word;
	int primed; /* last_word holds a word */
};

/* Wipes everything; the first four bytes fed prime the continuous test. */
void fips_init(struct fips *f);

/* Wipes the unfinished block and what primes the next; the counts go on. */
void fips_forget_block(struct fips *f);

/*
 * Bit mask (1 << enum fips_test) of the tests that this block fails.
 * *last_word is the previous 32-bit little-endian word, updated.
 */
unsigned int fips_test_block(const uint8_t block[static FIPS_BLOCK],
			     uint32_t *last_word);

/* Collects blocks and tests each; returns how many blocks failed in this call.
 */
unsigned int fips_feed(struct fips *f, const uint8_t *data, size_t len);

#endif /* COMMON_FIPS_H */
