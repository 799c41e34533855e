/*
 * ttywild.c - whoever has a container's terminal, of good and of bad manners
 *
 * ttywild steady NODE FILE    reads until SIGTERM, appends to FILE; says bytes
 *     and the longest wait in ms; 1 at an end of file or an error; from
 *     SIGUSR1 on it reads no more, until SIGUSR2
 * ttywild waits NODE          says how many bytes wait to be read
 * ttywild rate NODE SECONDS   reads as it comes, says bytes a second, behind
 *     the first second
 * ttywild deaf NODE SECONDS   never reads
 * ttywild flood NODE SECONDS  writes commands as fast as it can, reads none
 * ttywild knock NODE SECONDS  opens and closes, over and over
 * ttywild locks NODE SECONDS  a read that waits, and TIOCSETD beside it
 * ttywild odd NODE            leaves the terminal in the oddest state there is
 *
 * Exit status: 0, or 1 with a reason.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define HELD_US 10000

static volatile sig_atomic_t ended, held;

static void on_term(int number)
{
	(void)number;
	ended = 1;
}

static void on_hold(int number)
{
	held = number == SIGUSR1;
}

static int fail(const char *what)
{
	fprintf(stderr, "ttywild: %s: %s\n", what,
		errno ? strerror(errno) : "end of file");
	return 1;
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static int steady(int fd, const char *path)
{
	int out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	uint64_t bytes = 0, slowest = 0, last = now_us(), now;
	uint8_t buf[4096];
	ssize_t n;

	if (out < 0)
		return fail(path);
	while (!ended) {
		if (held) {
			usleep(HELD_US);
			last = now_us();
			continue;
		}
		errno = 0;
		n = read(fd, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail("read");
		now = now_us();
		if (now - last > slowest)
			slowest = now - last;
		last = now;
		bytes += (uint64_t)n;
		if (write(out, buf, (size_t)n) != n)
			return fail(path);
	}
	close(out);
	printf("bytes %llu slowest %llu\n", (unsigned long long)bytes,
	       (unsigned long long)slowest / 1000);
	return 0;
}

static int waits(int fd)
{
	int n;

	if (ioctl(fd, FIONREAD, &n) < 0)
		return fail("FIONREAD");
	printf("%d\n", n);
	return 0;
}

/* Reads for so long; the bytes, and how long it really took. */
static int read_for(int fd, uint64_t us, uint64_t *bytes, uint64_t *took)
{
	uint64_t start = now_us();
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t buf[4096];
	ssize_t n;

	*bytes = 0;
	while ((*took = now_us() - start) < us) {
		if (poll(&p, 1, (int)((us - *took) / 1000) + 1) <= 0)
			continue;
		errno = 0;
		n = read(fd, buf, sizeof(buf));
		if (n <= 0)
			return fail("read");
		*bytes += (uint64_t)n;
	}
	return 0;
}

static int rate(int fd, unsigned int seconds)
{
	uint64_t bytes, took;

	if (read_for(fd, 1000000, &bytes, &took) ||
	    read_for(fd, seconds * 1000000ull, &bytes, &took))
		return 1;
	printf("%llu\n", (unsigned long long)(bytes * 1000000 / took));
	return 0;
}

static int flood(int fd, unsigned int seconds)
{
	static const char commands[] = "cmdO\ncmdX\ncmdv\ncmdI\ncmdwcmd0cmdo"
				       "cmdS0123cmdcmd";
	uint64_t until = now_us() + seconds * 1000000ull;
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	unsigned long written = 0;
	ssize_t n;

	while (now_us() < until) {
		n = write(fd, commands, sizeof(commands) - 1);
		if (n > 0)
			written += (unsigned long)n;
		else
			poll(&p, 1, 10);
	}
	printf("written %lu\n", written);
	return 0;
}

static int knock(const char *node, unsigned int seconds)
{
	uint64_t until = now_us() + seconds * 1000000ull;
	unsigned long count = 0;
	int fd;

	while (now_us() < until) {
		fd = open(node, O_RDWR | O_NOCTTY | O_CLOEXEC);
		if (fd < 0)
			return fail(node);
		close(fd);
		count++;
	}
	printf("opened %lu times\n", count);
	return 0;
}

/* The locks of a terminal's slave are held nearly all the time. */
static int locks(int fd, unsigned int seconds)
{
	uint64_t until = now_us() + seconds * 1000000ull;
	int n_tty = 0;
	pid_t reader;
	char c;

	fcntl(fd, F_SETFL, O_RDWR);
	reader = fork();
	if (reader < 0)
		return fail("fork");
	if (reader == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			(void)!read(fd, &c, 1);
	}
	while (now_us() < until)
		(void)ioctl(fd, TIOCSETD, &n_tty);
	kill(reader, SIGKILL);
	waitpid(reader, NULL, 0);
	return 0;
}

static int odd(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t) < 0)
		return fail("tcgetattr");
	t.c_iflag = ICRNL | IXON | IXOFF | ISTRIP | PARMRK | IUCLC;
	t.c_oflag = OPOST | ONLCR | OLCUC;
	t.c_lflag = ICANON | ECHO | ECHOE | ISIG | IEXTEN;
	t.c_cc[VINTR] = 0x55;
	t.c_cc[VEOF] = 0x00;
	t.c_cc[VSTOP] = 0x01;
	if (tcsetattr(fd, TCSANOW, &t) < 0)
		return fail("tcsetattr");
	(void)ioctl(fd, TIOCSTI, "x");
	return 0;
}

static int act(const char *mode, int fd, const char *node, const char *arg)
{
	unsigned int seconds = (unsigned int)strtoul(arg, NULL, 10);

	if (!strcmp(mode, "steady"))
		return steady(fd, arg);
	if (!strcmp(mode, "rate"))
		return rate(fd, seconds);
	if (!strcmp(mode, "flood"))
		return flood(fd, seconds);
	if (!strcmp(mode, "knock"))
		return knock(node, seconds);
	if (!strcmp(mode, "locks"))
		return locks(fd, seconds);
	if (!strcmp(mode, "odd"))
		return odd(fd);
	if (!strcmp(mode, "waits"))
		return waits(fd);
	if (strcmp(mode, "deaf"))
		return fail(mode);
	sleep(seconds);
	return 0;
}

int main(int argc, char *argv[])
{
	struct sigaction sa = { .sa_handler = on_term };
	struct sigaction hold = { .sa_handler = on_hold };
	int fd;

	if (argc != 4 && (argc != 3 || (strcmp(argv[1], "odd") &&
					strcmp(argv[1], "waits")))) {
		fprintf(stderr, "usage: ttywild MODE NODE [FILE|SECONDS]\n");
		return 1;
	}
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGUSR1, &hold, NULL);
	sigaction(SIGUSR2, &hold, NULL);
	fd = open(argv[2], O_RDWR | O_NOCTTY | O_CLOEXEC |
				   (strcmp(argv[1], "flood") ? 0 : O_NONBLOCK));
	if (fd < 0)
		return fail(argv[2]);
	return act(argv[1], fd, argv[2], argc > 3 ? argv[3] : "0");
}
