/*
 * drawlog.c - what a program draws from the kernel's random number generator
 *
 * drawlog OUT PAUSE_MS
 *
 * For a guest: a line "WHEN BYTES" into OUT (a virtio port, whose other end the
 * test has) for each 16 bytes of getrandom(2), WHEN in milliseconds of
 * CLOCK_BOOTTIME, BYTES in hexadecimal.  Linked statically.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define DRAW 16

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* A line goes out whole: the guest may be saved between two. */
static int put_draw(int out, const uint8_t *draw, long long when_ms)
{
	char line[64];
	int len = snprintf(line, sizeof(line), "%lld ", when_ms);

	for (int i = 0; i < DRAW; i++)
		len += snprintf(line + len, sizeof(line) - (size_t)len, "%02x",
				draw[i]);
	line[len++] = '\n';
	return write(out, line, (size_t)len) == len ? 0 : -1;
}

int main(int argc, char *argv[])
{
	uint8_t draw[DRAW];
	int out;

	if (argc != 3) {
		fprintf(stderr, "drawlog: see the head of drawlog.c\n");
		return 2;
	}
	out = open(argv[1], O_WRONLY | O_CLOEXEC);
	while (out >= 0 && getrandom(draw, DRAW, 0) == DRAW &&
	       !put_draw(out, draw, now_ms()))
		usleep((useconds_t)atoi(argv[2]) * 1000);
	fprintf(stderr, "drawlog: %s: %s\n", argv[1], strerror(errno));
	return 1;
}
