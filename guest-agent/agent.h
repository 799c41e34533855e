/*
 * agent.h - the loop of the guest agent
 *
 * One round is: open the source, fill a window, verify it, feed it.  Whatever
 * fails, the window is wiped and the round starts again from the beginning
 * after a growing pause.  Nothing here blocks: a silent source, a dead peer
 * and a child in an uninterruptible wait all end at a deadline.
 */
#ifndef GUEST_AGENT_H
#define GUEST_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include "guest-agent/clockjump.h"
#include "guest-agent/feeder.h"
#include "guest-agent/options.h"
#include "guest-agent/rtcwatch.h"
#include "guest-agent/source.h"
#include "guest-agent/status.h"
#include "guest-agent/verify.h"

/* The statuses 4 to 7 are those of --require and --verify alone. */
enum agent_exit {
	AGENT_OK = 0,
	AGENT_FAILED = 1,
	AGENT_USAGE = 2,
	AGENT_UNVERIFIED =
		3,	     /* a test failed; --once: or the driver is wrong */
	AGENT_NO_DEVICE = 4, /* none, or not one that can be used */
	AGENT_WRONG_DRIVER = 5, /* rng_current is not --expect-rng */
	AGENT_NOT_READY = 6,	/* bytes verified, the kernel's RNG not ready */
	AGENT_LATE = 7,		/* not enough bytes in time */
	AGENT_NO_RIGHTS = 8,	/* rights.h: cannot work, or not as promised */
};

/*
 * WAITING -> READING   the pause is over, or the source's path appeared, and
 *                      the source is open
 * READING -> IDLE      a window was verified, and fed
 * READING -> WAITING   the source failed or was silent, a test failed
 * IDLE    -> READING   the interval is over, SIGUSR2
 * any     -> WAITING   a clock shows resume or restore
 */
enum agent_state {
	AGENT_WAITING,
	AGENT_READING,
	AGENT_IDLE,
};

struct agent {
	const struct options *opt;
	struct source source;
	struct feeder feeder;
	struct verify *verify; /* secmem */
	uint8_t *window;       /* secmem, VERIFY_STARTUP bytes */
	size_t want, have;     /* of window */
	enum agent_state state;
	int64_t due_ms;		    /* when state ends by itself */
	int64_t round_ms;	    /* when this window was first asked for */
	int64_t starved_ms;	    /* since when nothing comes; 0: it does */
	uint64_t starved_before_us; /* up to starved_ms */
	int64_t ready_ms;	    /* when to report ready at the latest */
	const char *ready_as;	    /* what to report; NULL: not ready */
	int64_t beat_ms;	    /* when the status file is due */
	unsigned int pause_ms;	    /* before the next try */
	unsigned int boot_feeds;    /* made while the kernel was not ready */
	int64_t require_ms;	    /* when --require is over */
	enum agent_exit lacking;    /* what it would then end with */
	bool ready_sent;
	bool fault_logged; /* the source's present failure */
	bool status_warned;
	bool trend_warned;
	int signals, clock_watch, random; /* descriptors */
	int appear; /* of a source that failed, appear.h; -1: not watched */
	struct clocks clocks;
	struct rtcwatch rtc;
	bool rtc_often;	    /* the kernel does not notice a clone by itself */
	int64_t rtc_ms;	    /* when to look at it again */
	const char *reason; /* for the next feed; static text */
	struct status st;
	bool ended;
	enum agent_exit exit;
};

/*
 * Takes the rights it needs and gives up the others.  0; else -errno, logged,
 * and a->exit says what to end with.
 */
int agent_init(struct agent *a, const struct options *opt);

/* Until a signal, or --once, ends it. */
enum agent_exit agent_run(struct agent *a);

/* Wipes and closes; a half-made agent is fine. */
void agent_free(struct agent *a);

/* round.c: steps of a round, called by the loop.  now_ms is CLOCK_MONOTONIC. */

/* Something happened in the folder of a source that is waited for. */
void round_appeared(struct agent *a, int64_t now_ms);

/* AGENT_WAITING is over. */
void round_open(struct agent *a, int64_t now_ms);

/* AGENT_IDLE is over, or somebody wants a feed now. */
void round_start(struct agent *a, int64_t now_ms);

/* The source's descriptor is readable. */
void round_read(struct agent *a, int64_t now_ms);

/* The source was silent for too long. */
void round_silent(struct agent *a, int64_t now_ms);

/* All bytes of before are forgotten: for this reason (static text). */
void round_restart(struct agent *a, int64_t now_ms, const char *reason);

/* agent.c: what the round tells the loop. */

/*
 * Have the clocks jumped since somebody looked?  Then the round has begun anew.
 */
bool agent_was_moved(struct agent *a, int64_t now_ms);

/* Ends the loop. */
void agent_end(struct agent *a, enum agent_exit status);

/* Brings up to date what a->st says of the kernel and of time. */
void agent_refresh(struct agent *a);

/* Writes the status file. */
void agent_publish(struct agent *a);

/*
 * Reports ready to the service manager, with a status (static text), once; again
 * until it could be told.
 */
void agent_report_ready(struct agent *a, const char *status);

#endif /* GUEST_AGENT_H */
