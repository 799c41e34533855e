/*
 * status_print.c - the status for people
 */
#include "guest-agent/status.h"

#include <inttypes.h>
#include <string.h>

#include "common/log.h"
#include "common/rngdstat.h"

static void put_line(void *ctx, const char *text)
{
	fprintf(ctx, "%s\n", text);
}

/* The file may hold anything: nothing of it reaches a terminal as it is. */
static void put_escaped(FILE *out, const char *name, const char *text)
{
	char clean[1024];

	fprintf(out, "%s: %s", name,
		log_escape(clean, sizeof(clean), text, strlen(text)));
}

void status_print_rngd(const struct status *st,
		       void (*line)(void *ctx, const char *text), void *ctx)
{
	struct fips fips = {
		.blocks = st->fips_blocks,
		.failures = st->fips_failures,
	};
	struct rngdstat stat = {
		.bits_received = st->received_bytes * 8,
		.bits_sent = st->fed_bytes * 8,
		.entropy_added = st->credited_bits,
		.fips = &fips,
		.source_bytes_s = st->source_bytes_s,
		.starvations = st->starvations,
		.starved_us = st->starved_us,
		.sink = "kernel pool",
	};

	memcpy(fips.failed, st->fips_failed, sizeof(fips.failed));
	rngdstat_print(&stat, line, ctx);
}

static void print_kernel(const struct status *st, FILE *out)
{
	put_escaped(out, "kernel RNG design", st->design);
	fprintf(out, ", pool %" PRId64 " bits, entropy %" PRId64 " bits, %s\n",
		st->poolsize, st->entropy_avail,
		st->ready == 1	 ? "ready"
		: st->ready == 0 ? "not ready"
				 : "readiness unknown");
}

static void print_failures(const struct status *st, FILE *out)
{
	fprintf(out, "verification failures:");
	for (int t = 0; t < VERIFY_TESTS; t++)
		fprintf(out, " %s %" PRIu64, verify_test_name(t),
			st->failures[t]);
	fputc('\n', out);
}

static void print_feeds(const struct status *st, int64_t now_s, FILE *out)
{
	fprintf(out, "feeds: %" PRIu64 ", errors %" PRIu64, st->feeds,
		st->feed_errors);
	fprintf(out, ", reseeds %" PRIu64 ", last ", st->reseeds);
	if (st->last_feed_s < 0) {
		fprintf(out, "never\n");
	} else {
		fprintf(out, "%" PRId64 " s ago", now_s - st->last_feed_s);
		put_escaped(out, ", because", st->feed_reason);
		fputc('\n', out);
	}
	fprintf(out,
		"restarts after resume, restore or time set: %" PRIu64 "\n",
		st->restarts);
}

static void print_rights(const struct status *st, FILE *out)
{
	put_escaped(out, "rights: to feed", st->right_feed);
	put_escaped(out, ", feeder's sandbox", st->right_sandbox);
	put_escaped(out, ", all others", st->right_rest);
	fputc('\n', out);
}

static void print_source(const struct status *st, FILE *out)
{
	put_escaped(out, "source", st->source);
	if (st->rng_current[0])
		put_escaped(out, ", rng_current", st->rng_current);
	fputc('\n', out);
}

static void print_verified(const struct status *st, FILE *out)
{
	status_print_rngd(st, put_line, out);
	fprintf(out, "bytes verified: %" PRIu64 " in %" PRIu64 " windows\n",
		st->verified_bytes, st->windows);
	print_failures(st, out);
}

void status_print_verified(const struct status *st, FILE *out)
{
	print_source(st, out);
	print_verified(st, out);
	put_escaped(out, "verdict", st->detail[0] ? st->detail : "verified");
	fputc('\n', out);
}

void status_print(const struct status *st, int64_t now_s, FILE *out)
{
	put_escaped(out, "onerng-guestd", st->version);
	fprintf(out, ", pid %" PRId64 ", ", st->pid);
	put_escaped(out, "state", st->state);
	if (st->detail[0])
		put_escaped(out, "", st->detail);
	fputc('\n', out);
	print_rights(st, out);
	print_source(st, out);
	print_kernel(st, out);
	print_verified(st, out);
	print_feeds(st, now_s, out);
	fprintf(out, "source failures: %" PRIu64 "\n", st->source_failures);
}
