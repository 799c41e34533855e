/*
 * slowlocks.c - preloaded: /proc/locks takes SLOW_MS to be opened
 *
 * But not in the first FIRST_MS of a process.  The kernel takes milliseconds,
 * for which a lock may be left.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FIRST_MS 1300
#define SLOW_MS	 2000

static int64_t begun_ms;

static int64_t now_ms(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void __attribute__((constructor)) begin(void)
{
	begun_ms = now_ms();
}

static FILE *open_slowly(const char *by, const char *filename,
			 const char *modes)
{
	FILE *(*next)(const char *, const char *);
	void *found = dlsym(RTLD_NEXT, by);

	memcpy(&next, &found, sizeof(next));
	if (!strcmp(filename, "/proc/locks") && now_ms() - begun_ms > FIRST_MS)
		usleep(SLOW_MS * 1000);
	return next(filename, modes);
}

FILE *fopen(const char *filename, const char *modes)
{
	return open_slowly("fopen", filename, modes);
}

#undef fopen64
FILE *fopen64(const char *filename, const char *modes)
{
	return open_slowly("fopen64", filename, modes);
}
