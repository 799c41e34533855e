/*
 * clockjump.h - has the machine slept, or been put somewhere else in time?
 *
 * After resume, restore or clone the kernel's state may exist twice, so fresh
 * bytes are due at once.  CLOCK_BOOTTIME runs on in suspend, CLOCK_MONOTONIC
 * does not; a step of CLOCK_REALTIME is what a restored or migrated guest sees
 * when its clock is put right.  An operator's `date -s` looks the same and
 * costs one feed.
 */
#ifndef GUEST_CLOCKJUMP_H
#define GUEST_CLOCKJUMP_H

#include <stdint.h>

struct clocks {
	int64_t monotonic_ms;
	int64_t boottime_ms;
	int64_t realtime_ms;
};

enum clockjump {
	CLOCKJUMP_NONE,
	CLOCKJUMP_RESUME,
	CLOCKJUMP_STEP,
};

/* Longest sleep and largest step that are not noticed. */
#define CLOCKJUMP_RESUME_MS 1000
#define CLOCKJUMP_STEP_MS   2000

void clocks_now(struct clocks *now);

enum clockjump clockjump_between(const struct clocks *then,
				 const struct clocks *now);

/*
 * A descriptor that becomes readable when CLOCK_REALTIME was set (which resume
 * does too).  -errno.
 */
int clockjump_watch_open(void);

/* Empties and arms it again. */
void clockjump_watch_rearm(int fd);

#endif /* GUEST_CLOCKJUMP_H */
