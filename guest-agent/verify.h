/*
 * verify.h - checks of what arrives, before it is fed
 *
 * The host has conditioned these bytes already, so this is a check of the
 * transport and of gross faults (a stuck, constant, repeated or replayed
 * stream), not an assessment of entropy.  Bytes come in windows; a window is
 * fed only after all of it passed.  Holds bytes, so it lives in secmem.
 */
#ifndef GUEST_VERIFY_H
#define GUEST_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/dup.h"
#include "common/fips.h"
#include "common/health.h"

/* SP 800-90B 4.3: at least 1024 consecutive samples at start-up. */
#define VERIFY_STARTUP 1024

/*
 * What conditioned bytes are taken to have, in 1/1000 bit: the cutoffs are RCT
 * 5, APT 20 of 512 on bytes, 49 and 612 of 1024 on bits (health_cutoffs.c).
 */
#define VERIFY_H_BYTE 7500
#define VERIFY_H_BIT  1000

enum verify_test {
	/* 0..HEALTH_TESTS - 1 are enum health_test */
	VERIFY_DUPLICATE = HEALTH_TESTS,
	VERIFY_TESTS, /* as a verdict: none failed */
};

struct verify {
	bool started;	  /* the start-up test has passed */
	uint64_t bytes;	  /* in windows that passed */
	uint64_t windows; /* that passed */
	uint64_t failures[VERIFY_TESTS];
	enum verify_test failed; /* by the last window; VERIFY_TESTS: none */
	bool trend_bad; /* 3 or more of the last 10 FIPS blocks failed */
	struct fips fips;
	/* the rest is private to verify.c */
	struct health health;
	struct dup *dup;
	uint16_t recent;
};

/* NULL and errno. */
struct verify *verify_new(void);
void verify_free(struct verify *v); /* NULL is fine */

/*
 * Start-up again, as after every opening of the source: forgets samples but
 * neither counters nor the hashes of blocks seen, so a stream that is replayed
 * over a new connection is still found.
 */
void verify_restart(struct verify *v);

/*
 * How many bytes the next window has, to feed feed_bytes of it: a multiple of
 * DUP_BLOCK, and VERIFY_STARTUP before the start-up test has passed.
 */
size_t verify_window_size(const struct verify *v, size_t feed_bytes);

/*
 * Tests a whole window.  0, or -EIO: the window has been wiped, the failure
 * counted, and start-up begins again.
 */
int verify_window(struct verify *v, uint8_t *window, size_t len);

/* "rct-byte", ... "duplicate"; "none" for VERIFY_TESTS. */
const char *verify_test_name(enum verify_test t);

#endif /* GUEST_VERIFY_H */
