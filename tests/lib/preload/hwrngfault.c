/*
 * hwrngfault.c - preloaded: a hardware RNG that fails as it is told
 *
 * read(2) of the kernel's hardware RNG (10:183), and of nothing else, does what
 * the first word of the file $HWRNG_FAULT says:
 *	eio, enodev	that error
 *	eagain		nothing to be had just now
 *	empty		no byte
 *	silent		waits until another word is there
 *	slow		16 bytes, after SLOW_MS
 *	stuck		bytes that are all the same
 *	good		bytes of no worth that look good, at once
 * and reads on any other.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define SLOW_MS	  400
#define LOOK_MS	  50
#define SLOW_READ 16

static bool is_hwrng(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(10, 183);
}

static bool told(const char *word)
{
	const char *path = getenv("HWRNG_FAULT");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char text[16] = "";

	if (fd < 0)
		return false;
	syscall(SYS_read, fd, text, sizeof(text) - 1);
	close(fd);
	text[strcspn(text, "\n")] = '\0';
	return !strcmp(text, word);
}

static ssize_t fail(int err)
{
	errno = err;
	return -1;
}

/* xorshift64*: it makes no system call, which a sandbox might not allow. */
static ssize_t look_good(uint8_t *buf, size_t nbytes)
{
	static uint64_t x;
	struct timespec ts;

	if (!x) {
		clock_gettime(CLOCK_REALTIME, &ts);
		x = (uint64_t)ts.tv_sec << 30 ^ (uint64_t)ts.tv_nsec;
	}
	for (size_t i = 0; i < nbytes; i++) {
		x ^= x >> 12;
		x ^= x << 25;
		x ^= x >> 27;
		buf[i] = (uint8_t)(x * 0x2545f4914f6cdd1d >> 56);
	}
	return (ssize_t)nbytes;
}

ssize_t read(int fd, void *buf, size_t nbytes)
{
	if (!is_hwrng(fd))
		return syscall(SYS_read, fd, buf, nbytes);
	while (told("silent"))
		poll(NULL, 0, LOOK_MS);
	if (told("eio"))
		return fail(EIO);
	if (told("enodev"))
		return fail(ENODEV);
	if (told("eagain"))
		return fail(EAGAIN);
	if (told("empty"))
		return 0;
	if (told("stuck")) {
		memset(buf, 0x5a, nbytes);
		return (ssize_t)nbytes;
	}
	if (told("good"))
		return look_good(buf, nbytes);
	if (told("slow")) {
		poll(NULL, 0, SLOW_MS);
		nbytes = nbytes < SLOW_READ ? nbytes : SLOW_READ;
	}
	return syscall(SYS_read, fd, buf, nbytes);
}
