/*
 * hwrngtime.c - how fast a hardware random number generator is read
 *
 *	hwrngtime SECONDS
 *
 * For a guest: reads /dev/hwrng 64 bytes at a time, which is what the virtio
 * driver has room for, and prints "READS US P50_NS": reads made, microseconds
 * they took together, and the time that half of them did not exceed.  Linked
 * statically.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define BLOCK	   64
#define READS_MAX  2000000
#define NS_PER_SEC 1000000000

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char *argv[])
{
	uint32_t *took = calloc(READS_MAX, sizeof(*took));
	int fd = open("/dev/hwrng", O_RDONLY | O_CLOEXEC);
	uint64_t begin = now_ns(), from = begin, to, end;
	uint8_t block[BLOCK];
	size_t reads = 0;

	if (argc != 2 || fd < 0 || !took) {
		fprintf(stderr, "hwrngtime: see the head of hwrngtime.c\n");
		return 2;
	}
	end = begin + strtoul(argv[1], NULL, 10) * NS_PER_SEC;
	while (reads < READS_MAX && from < end) {
		if (read(fd, block, sizeof(block)) != BLOCK) {
			perror("hwrngtime: /dev/hwrng");
			return 1;
		}
		to = now_ns();
		took[reads++] = (uint32_t)(to - from);
		from = to;
	}
	qsort(took, reads, sizeof(*took), by_size);
	printf("%zu %llu %u\n", reads,
	       (unsigned long long)(from - begin) / 1000, took[reads / 2]);
	return 0;
}
