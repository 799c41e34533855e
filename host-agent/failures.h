/*
 * failures.h - health failures of one device: has it failed too often?
 *
 * Intermittent failures (SP 800-90B 4.3) are followed by another start-up
 * test; FAILURES_MAX within FAILURES_US are borne, the next one is permanent.
 * Those that are an hour old count no more.  Time is an argument (monotonic
 * microseconds).
 */
#ifndef HOST_AGENT_FAILURES_H
#define HOST_AGENT_FAILURES_H

#include <stdbool.h>
#include <stdint.h>

#define FAILURES_MAX 3
#define FAILURES_US  3600000000ull

/* All zero: there were none. */
struct failures {
	uint64_t at_us[FAILURES_MAX]; /* the last ones, a ring */
	unsigned int count;	      /* since failures_forget() */
};

/* True if this failure, with those of the last hour, is one too many. */
bool failures_add(struct failures *f, uint64_t now_us);

/* How many of the last ones are less than FAILURES_US old. */
unsigned int failures_recent(const struct failures *f, uint64_t now_us);

void failures_forget(struct failures *f);

#endif /* HOST_AGENT_FAILURES_H */
