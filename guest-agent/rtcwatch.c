#include "guest-agent/rtcwatch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/opt.h"
#include "guest-agent/textfile.h"

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
 * Two clocks drift, by some seconds a day: the mark follows their mean.  It
 * would take this many calls to hide an absence from it.
 */
#define FOLLOW 64

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

bool rtcwatch_jumped(struct rtcwatch *w, int64_t boottime_ms)
{
	int64_t seconds, ahead_ms, moved_ms;
	bool known = w->known;

	if (w->fd < 0)
		return false;
	seconds = read_seconds(w->fd);
	if (seconds < 0)
		return false;
	ahead_ms = seconds * 1000 - boottime_ms;
	moved_ms = ahead_ms - w->ahead_ms;
	if (known && llabs(moved_ms) <= RTCWATCH_JUMP_MS) {
		w->ahead_ms += moved_ms / FOLLOW;
		return false;
	}
	w->known = true;
	w->ahead_ms = ahead_ms;
	return known;
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
