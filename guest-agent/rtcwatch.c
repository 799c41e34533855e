#include "guest-agent/rtcwatch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/opt.h"
#include "common/textfile.h"

void rtcwatch_open(struct rtcwatch *w, const char *path)
{
	*w = (struct rtcwatch){ .fd = open(path, O_RDONLY | O_CLOEXEC) };
}

void rtcwatch_close(struct rtcwatch *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

/*
 * Two clocks drift, by some seconds a day, and by 500 in a million where one is
 * put right slowly: what is known widens by one in this many.
 */
#define DRIFT 500

#define SECOND_US 1000000

static int64_t boottime_us(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * SECOND_US + t.tv_nsec / 1000;
}

/* Seconds, or -errno; a file of sysfs is made anew for every read at 0. */
static int64_t read_seconds(int fd)
{
	unsigned long long seconds;
	char text[32];
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);

	if (got < 0)
		return -errno;
	text[got] = '\0';
	textfile_first_line(text);
	if (opt_u64(text, 0, INT32_MAX * 4ull, &seconds))
		return -EBADMSG;
	return (int64_t)seconds;
}

static int64_t min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void know(struct rtcwatch *w, int64_t low_us, int64_t high_us)
{
	w->known = true;
	w->low_us = low_us;
	w->high_us = high_us;
}

bool rtcwatch_note(struct rtcwatch *w, int64_t seconds, int64_t before_us,
		   int64_t after_us)
{
	int64_t low = seconds * SECOND_US - after_us;
	int64_t high = (seconds + 1) * SECOND_US - before_us;
	int64_t drift = (after_us - w->looked_us) / DRIFT;
	int64_t both_low = max(low, w->low_us - drift);
	int64_t both_high = min(high, w->high_us + drift);

	bool known = w->known;

	w->looked_us = after_us;
	if (!known || both_low - both_high > RTCWATCH_JUMP_US) {
		know(w, low, high);
		return known;
	}
	/* What does not fit, and is no jump, passes as drift in time. */
	if (both_low <= both_high)
		know(w, both_low, both_high);
	else
		know(w, w->low_us - drift, w->high_us + drift);
	return false;
}

bool rtcwatch_jumped(struct rtcwatch *w)
{
	int64_t before_us, seconds;

	if (w->fd < 0)
		return false;
	before_us = boottime_us();
	seconds = read_seconds(w->fd);
	if (seconds < 0)
		return false;
	return rtcwatch_note(w, seconds, before_us, boottime_us());
}

bool rtcwatch_has_vmgenid(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	bool found = false;

	if (!folder)
		return false;
	/* Devices are links; its own files are bind, unbind, uevent. */
	while (!found && (entry = readdir(folder)))
		found = entry->d_type == DT_LNK &&
			strcmp(entry->d_name, "module") != 0;
	closedir(folder);
	return found;
}
