/*
 * rngdstat.c - the wording of rngd 2.2 (rng-tools-debian)
 *
 * rngd prints speeds and times as (min; avg; max); only the average is known
 * here, so only that is printed.  "FIPS tests speed" and "Lowest ready-buffers
 * level" are left out: nothing here measures them.
 */
#include "common/rngdstat.h"

#include <inttypes.h>
#include <stdio.h>

#define LINE_SIZE 128

struct out {
	void (*line)(void *ctx, const char *text);
	void *ctx;
};

static void put_count(const struct out *out, const char *name, uint64_t n)
{
	char text[LINE_SIZE];

	snprintf(text, sizeof(text), "%s: %" PRIu64, name, n);
	out->line(out->ctx, text);
}

static void put_pair(const struct out *out, const char *name, const char *which,
		     uint64_t n)
{
	char text[LINE_SIZE];

	snprintf(text, sizeof(text), "%s %s: %" PRIu64, name, which, n);
	out->line(out->ctx, text);
}

static void put_fips(const struct out *out, const struct fips *fips)
{
	static const char *const names[FIPS_TESTS] = {
		[FIPS_MONOBIT] = "Monobit",
		[FIPS_POKER] = "Poker",
		[FIPS_RUNS] = "Runs",
		[FIPS_LONG_RUN] = "Long run",
		[FIPS_CONTINUOUS] = "Continuous run",
	};

	put_count(out, "FIPS 140-2 successes", fips->blocks - fips->failures);
	put_count(out, "FIPS 140-2 failures", fips->failures);
	for (int t = 0; t < FIPS_TESTS; t++)
		put_pair(out, "FIPS 140-2(2001-10-10)", names[t],
			 fips->failed[t]);
}

/* rngd's units: bits, scaled by 1024. */
static void put_speed(const struct out *out, uint64_t bytes_s)
{
	char text[LINE_SIZE];

	snprintf(text, sizeof(text), "HRNG source speed: (avg=%.3f)Kibits/s",
		 (double)bytes_s * 8 / 1024);
	out->line(out->ctx, text);
}

static void put_starved(const struct out *out, uint64_t starved_us)
{
	char text[LINE_SIZE];

	snprintf(text, sizeof(text),
		 "Time spent starving for entropy: %" PRIu64 "us", starved_us);
	out->line(out->ctx, text);
}

void rngdstat_print(const struct rngdstat *s,
		    void (*line)(void *ctx, const char *text), void *ctx)
{
	const struct out out = { .line = line, .ctx = ctx };

	put_count(&out, "bits received from HRNG source", s->bits_received);
	put_pair(&out, "bits sent to", s->sink, s->bits_sent);
	put_pair(&out, "entropy added to", s->sink, s->entropy_added);
	if (s->fips)
		put_fips(&out, s->fips);
	put_speed(&out, s->source_bytes_s);
	put_count(&out, "Entropy starvations", s->starvations);
	put_starved(&out, s->starved_us);
}
