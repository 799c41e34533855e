#include "guest-agent/clockjump.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* Far enough never to expire, near enough for every time_t (year 2100). */
#define NEVER_S 4102444800

static int64_t clock_ms(clockid_t id)
{
	struct timespec t = { 0 };

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void clocks_now(struct clocks *now)
{
	now->monotonic_ms = clock_ms(CLOCK_MONOTONIC);
	now->boottime_ms = clock_ms(CLOCK_BOOTTIME);
	now->realtime_ms = clock_ms(CLOCK_REALTIME);
}

enum clockjump clockjump_between(const struct clocks *then,
				 const struct clocks *now)
{
	int64_t slept = (now->boottime_ms - now->monotonic_ms) -
			(then->boottime_ms - then->monotonic_ms);
	int64_t stepped = (now->realtime_ms - now->boottime_ms) -
			  (then->realtime_ms - then->boottime_ms);

	if (slept > CLOCKJUMP_RESUME_MS)
		return CLOCKJUMP_RESUME;
	if (llabs(stepped) > CLOCKJUMP_STEP_MS)
		return CLOCKJUMP_STEP;
	return CLOCKJUMP_NONE;
}

static int arm(int fd)
{
	struct itimerspec never = { .it_value = { .tv_sec = NEVER_S } };
	int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;

	return timerfd_settime(fd, flags, &never, NULL) < 0 ? -errno : 0;
}

int clockjump_watch_open(void)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	int r;

	if (fd < 0)
		return -errno;
	r = arm(fd);
	if (r) {
		close(fd);
		return r;
	}
	return fd;
}

void clockjump_watch_rearm(int fd)
{
	uint64_t expired;

	/* ECANCELED is the news itself; nothing else can be in it. */
	if (read(fd, &expired, sizeof(expired)) < 0)
		arm(fd);
}
