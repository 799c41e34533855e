/*
 * ttyhostile.c - whoever has a container's terminal, and wants to harm others
 *
 * ttyhostile NODE SECONDS SEED   does whatever a terminal lets its slave do, in
 *     an order of SEED's: odd modes, locks, other line disciplines, signals,
 *     floods, opens without end; never reads; says what it did how often
 *
 * Exit status: 0, also where another one has locked it.
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
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define DISCIPLINES 31 /* N_TTY is 0 */
#define OPENS	    64
#define FLOOD	    262144

static const char *node;
static uint64_t seed;

/* xorshift64*; 0..below-1. */
static unsigned int roll(unsigned int below)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (unsigned int)((seed * 0x2545f4914f6cdd1dull) >> 33) % below;
}

static int open_node(void)
{
	return open(node, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

/* As much of it as is taken within a while. */
static void push(int fd, const char *what, size_t len, size_t total)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	unsigned int patience = 20;

	while (total >= len && patience) {
		if (write(fd, what, len) > 0) {
			total -= len;
			continue;
		}
		poll(&p, 1, 10);
		patience--;
	}
}

static void flood_commands(int fd)
{
	static const char all[] = "cmdO\ncmdX\ncmdv\ncmdI\ncmdwcmd0cmdocmd4\n";

	push(fd, all, sizeof(all) - 1, FLOOD);
}

static void flood_bytes(int fd)
{
	char noise[512];

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)roll(256);
	push(fd, noise, sizeof(noise), FLOOD);
}

static void odd_modes(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t) < 0)
		return;
	t.c_iflag = roll(0x8000);
	t.c_oflag = roll(0x10000);
	t.c_lflag = roll(0x20000);
	for (size_t i = 0; i < sizeof(t.c_cc); i++)
		t.c_cc[i] = (cc_t)roll(256);
	tcsetattr(fd, TCSANOW, &t);
}

static void discipline(int fd)
{
	int number = (int)roll(DISCIPLINES);

	ioctl(fd, TIOCSETD, &number);
}

static void lock(int fd)
{
	ioctl(fd, roll(2) ? TIOCEXCL : TIOCNXCL);
}

static void insert(int fd)
{
	for (unsigned int i = 0; i < 64; i++)
		ioctl(fd, TIOCSTI, &"cmdO\n"[i % 5]);
}

static void stop_flow(int fd)
{
	static const int actions[] = { TCOOFF, TCOON, TCIOFF, TCION };

	tcflow(fd, actions[roll(4)]);
	tcflush(fd, (int)roll(3));
}

static void size_and_group(int fd)
{
	struct winsize size = { .ws_row = (unsigned short)roll(65536) };
	pid_t group = getpgrp();

	ioctl(fd, TIOCSWINSZ, &size);
	ioctl(fd, TIOCSCTTY, 0);
	ioctl(fd, TIOCSPGRP, &group);
	ioctl(fd, TIOCNOTTY);
}

static void hang_up(int fd)
{
	ioctl(fd, TIOCVHANGUP);
}

static void open_many(int fd)
{
	int fds[OPENS];

	(void)fd;
	for (unsigned int i = 0; i < OPENS; i++)
		fds[i] = open_node();
	for (unsigned int i = 0; i < OPENS; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void knock(int fd)
{
	(void)fd;
	for (unsigned int i = 0; i < 1000; i++)
		close(open_node());
}

static void be_deaf(int fd)
{
	(void)fd;
	usleep(1000 * roll(300));
}

static const struct {
	const char *name;
	void (*fn)(int fd);
} acts[] = {
	{ "commands", flood_commands },
	{ "bytes", flood_bytes },
	{ "modes", odd_modes },
	{ "discipline", discipline },
	{ "lock", lock },
	{ "insert", insert },
	{ "flow", stop_flow },
	{ "terminal", size_and_group },
	{ "hangup", hang_up },
	{ "opens", open_many },
	{ "knock", knock },
	{ "deaf", be_deaf },
};

#define ACTS (sizeof(acts) / sizeof(acts[0]))

/* A terminal that was hung up is opened anew. */
static int again(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (fd >= 0 && roll(8) && poll(&p, 1, 0) >= 0 &&
	    !(p.revents & (POLLHUP | POLLERR)))
		return fd;
	if (fd >= 0)
		close(fd);
	return open_node();
}

int main(int argc, char *argv[])
{
	unsigned long counts[ACTS] = { 0 };
	unsigned int act;
	time_t until;
	int fd = -1;

	if (argc != 4) {
		fprintf(stderr, "usage: ttyhostile NODE SECONDS SEED\n");
		return 1;
	}
	node = argv[1];
	until = time(NULL) + atoi(argv[2]);
	seed = strtoull(argv[3], NULL, 10) | 1ull << 40;
	for (int number = 1; number < NSIG; number++)
		if (number != SIGTERM)
			signal(number, SIG_IGN);
	while (time(NULL) < until) {
		fd = again(fd);
		act = roll(ACTS);
		acts[act].fn(fd);
		counts[act]++;
	}
	for (act = 0; act < ACTS; act++)
		printf("%s %lu%s", acts[act].name, counts[act],
		       act + 1 < ACTS ? ", " : "\n");
	return 0;
}
