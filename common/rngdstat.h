/*
 * rngdstat.h - statistics in the words that rngd (rng-tools-debian) uses
 *
 * Both agents print these lines on SIGUSR1; administrators and their scripts
 * know them.
 */
#ifndef COMMON_RNGDSTAT_H
#define COMMON_RNGDSTAT_H

#include <stdint.h>

#include "common/fips.h"

struct rngdstat {
	uint64_t bits_received; /* from the HRNG source */
	uint64_t bits_sent;	/* to the kernel pool (guest) or to consumers */
	uint64_t entropy_added; /* bits credited to the kernel pool */
	const struct fips *fips; /* NULL: no blocks are tested */
	uint64_t source_bytes_s; /* source speed, bytes a second */
	uint64_t starvations;	 /* times a consumer had to wait */
	uint64_t starved_us;	 /* time spent so */
	const char *sink;	 /* "kernel pool" or "consumers" */
};

/* Calls line() once per line, without newline. */
void rngdstat_print(const struct rngdstat *s,
		    void (*line)(void *ctx, const char *text), void *ctx);

#endif /* COMMON_RNGDSTAT_H */
