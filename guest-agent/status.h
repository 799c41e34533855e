/*
 * status.h - what the agent knows of itself, as a JSON file
 *
 * The running agent keeps one record and writes it out whenever something
 * changed, and once a minute; `onerng-guestd --status` reads it back.  One
 * table of fields serves both ways.  Never holds a byte of entropy.
 */
#ifndef GUEST_STATUS_H
#define GUEST_STATUS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/fips.h"
#include "guest-agent/verify.h"

#define STATUS_FILE_MAX	   8192
#define STATUS_BEAT_S	   60
#define STATUS_STALE_S	   (3 * STATUS_BEAT_S)
#define STATUS_STATE_END   "ended" /* state of an agent that ended as asked */
#define STATUS_STATE_UNFIT "no rights" /* of one that ended for rights.h */

/* feed_reason: why the last feed was made */
#define STATUS_REASON_START	"start"
#define STATUS_REASON_TIMER	"timer"
#define STATUS_REASON_SIGNAL	"signal"
#define STATUS_REASON_NOT_READY "kernel not ready"
#define STATUS_REASON_RESUME	"resume"
#define STATUS_REASON_TIME_SET	"time set"
#define STATUS_REASON_RESTORE	"restore or clone"

/* right_feed, right_sandbox, right_rest: as proven at the start, rights.h */
#define STATUS_RIGHT_MAX       16
#define STATUS_RIGHT_UNKNOWN   "unknown"
#define STATUS_RIGHT_UNWANTED  "not wanted"
#define STATUS_RIGHT_PERMITTED "permitted"
#define STATUS_RIGHT_REFUSED   "refused"
#define STATUS_RIGHT_ON	       "on"
#define STATUS_RIGHT_OFF       "off"
#define STATUS_RIGHT_GIVEN_UP  "given up"
#define STATUS_RIGHT_KEPT      "kept"

struct status {
	char version[16];
	char state[16]; /* waiting, reading, idle, ended, no rights */
	char detail[192];
	char source[160];
	char rng_current[64];
	int64_t pid;
	int64_t updated_s; /* CLOCK_BOOTTIME of this record */
	int64_t started_s; /* likewise, of the agent */
	uint64_t received_bytes;
	uint64_t source_failures;
	uint64_t source_bytes_s;
	uint64_t starvations;
	uint64_t starved_us;
	/* verified */
	uint64_t verified_bytes;
	uint64_t windows;
	uint64_t failures[VERIFY_TESTS];
	uint64_t fips_blocks;
	uint64_t fips_failures;
	uint64_t fips_failed[FIPS_TESTS];
	/* fed */
	uint64_t feeds;
	uint64_t fed_bytes;
	uint64_t credited_bits;
	uint64_t reseeds;
	uint64_t feed_errors;
	int64_t last_feed_s;  /* CLOCK_BOOTTIME; -1: never */
	char feed_reason[24]; /* why the last one was made: "start", ... */
	uint64_t restarts;    /* because of resume, time set, restore */
	/* rights */
	char right_feed
		[STATUS_RIGHT_MAX]; /* to feed: not wanted, permitted, refused */
	char right_sandbox
		[16]; /* of the feeder: not wanted, on, off, refused */
	char right_rest[STATUS_RIGHT_MAX]; /* all others: given up, kept */
	/* kernel */
	char design[8];
	int64_t poolsize;
	int64_t entropy_avail;
	int64_t ready; /* 1, 0, or -errno when unknown */
};

/* Writes path anew, in one step for its readers.  0 or -errno. */
int status_write(const char *path, const struct status *st);

/* The text, NUL included; -ENOSPC when it does not fit. */
int status_format(const struct status *st, char *out, size_t size);

/* Unknown keys are passed over.  0, or -EBADMSG with *why static text. */
int status_parse(struct status *st, const char *text, const char **why);

/* For people: rngd's vocabulary, then ours.  now_s is CLOCK_BOOTTIME. */
void status_print(const struct status *st, int64_t now_s, FILE *out);

/* The part of it that is about the source: what --verify prints. */
void status_print_verified(const struct status *st, FILE *out);

/* rngd's lines alone, as SIGUSR1 prints them. */
void status_print_rngd(const struct status *st,
		       void (*line)(void *ctx, const char *text), void *ctx);

/*
 * Why a record read from a file does not tell about a running agent (static
 * text), or NULL.
 */
const char *status_stale(const struct status *st, int64_t now_s);

/* The process id of the running agent that keeps its state there, or 0. */
int64_t status_writer(const char *path);

/*
 * `--status`: the exit status, AGENT_NO_RIGHTS (agent.h) for what is left of an
 * agent that ended with it; says on standard error what is wrong.
 */
int status_show(const char *path, int json);

#endif /* GUEST_STATUS_H */
