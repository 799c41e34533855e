/*
 * hwrngread.c - reads a hardware random number generator without pause
 *
 * hwrngread SOURCE OUT LOG PAUSE_MS
 *
 * For a guest: reads SOURCE (/dev/hwrng) 64 bytes at a time and writes what
 * came to OUT (a virtio port, whose other end the test has).  A read that took
 * SLOW_MS, or longer than any before, is a line "WHEN TOOK" of LOG, both in
 * milliseconds, WHEN as of /proc/uptime.  A pause that took so much longer than
 * it should is a line "WHEN LONGER late": with /dev/zero that tells how well the
 * guest itself runs, and on the host, how long a process had to wait for a
 * processor.  Linked statically.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BLOCK	64
#define SLOW_MS 100

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int fail(const char *what)
{
	fprintf(stderr, "hwrngread: %s: %s\n", what, strerror(errno));
	return 1;
}

/* A block whole, or -1. */
static int read_block(int fd, uint8_t *block)
{
	size_t have = 0;
	ssize_t n;

	while (have < BLOCK) {
		n = read(fd, block + have, BLOCK - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		have += (size_t)n;
	}
	return 0;
}

static int write_block(int fd, const uint8_t *block)
{
	size_t done = 0;
	ssize_t n;

	while (done < BLOCK) {
		n = write(fd, block + done, BLOCK - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

/* Returns when it was over. */
static int64_t pause_ms(int64_t begin, int64_t ms, FILE *log)
{
	static int64_t latest;
	int64_t end, late;

	usleep((useconds_t)ms * 1000);
	end = now_ms();
	late = end - begin - ms;
	if (late >= SLOW_MS || late > latest) {
		fprintf(log, "%lld %lld late\n", (long long)end,
			(long long)late);
		fflush(log);
	}
	if (late > latest)
		latest = late;
	return end;
}

int main(int argc, char *argv[])
{
	int64_t begin, end, slowest = 0;
	uint8_t block[BLOCK];
	int in, out;
	FILE *log;

	if (argc != 5) {
		fprintf(stderr, "hwrngread: see the head of hwrngread.c\n");
		return 2;
	}
	in = open(argv[1], O_RDONLY | O_CLOEXEC);
	out = open(argv[2], O_WRONLY | O_CLOEXEC);
	log = fopen(argv[3], "ae");
	if (in < 0 || out < 0 || !log)
		return fail("open");
	for (begin = now_ms();;) {
		if (read_block(in, block))
			return fail(argv[1]);
		end = now_ms();
		if (end - begin >= SLOW_MS || end - begin > slowest) {
			fprintf(log, "%lld %lld\n", (long long)end,
				(long long)(end - begin));
			fflush(log);
		}
		if (end - begin > slowest)
			slowest = end - begin;
		if (write_block(out, block))
			return fail(argv[2]);
		begin = pause_ms(now_ms(), atoi(argv[4]), log);
	}
}
