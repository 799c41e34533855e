/*
 * tty_peer.c - the other end of a terminal, for the guest agent's tests
 *
 *	tty_peer LINK MODE
 *
 * Makes LINK a symbolic link to a pty's slave and sends bytes after cmdO until
 * cmdo.  MODE:
 *	good	as it should be
 *	deaf	never sends
 *	hangup	closes behind the first bytes
 *	narrow	bytes of seven bits
 * Says "ready" at the start and every command it takes, on standard output.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *mode;
static uint64_t state;

static int is(const char *name)
{
	return !strcmp(mode, name);
}

/* SplitMix64. */
static uint8_t next_byte(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (uint8_t)((z ^ z >> 31) & (is("narrow") ? 0x0f : 0xff));
}

/* Takes a line; whether the device runs from now on. */
static int obey(const char *line, int running)
{
	if (line[0])
		printf("took %s\n", line);
	fflush(stdout);
	if (!strcmp(line, "cmdO"))
		return !is("deaf");
	return strcmp(line, "cmdo") ? running : 0;
}

static int read_commands(int master, int running)
{
	static char line[16];
	static size_t len;
	char in[64];
	ssize_t got = read(master, in, sizeof(in));

	for (ssize_t i = 0; i < got; i++) {
		if (in[i] != '\n') {
			line[len] = in[i];
			len = len < sizeof(line) - 1 ? len + 1 : len;
			continue;
		}
		line[len] = '\0';
		len = 0;
		running = obey(line, running);
	}
	return running;
}

static void send_bytes(int master)
{
	uint8_t out[64];

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = next_byte();
	if (write(master, out, sizeof(out)) < 0 || is("hangup"))
		exit(0);
}

int main(int argc, char *argv[])
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave, running = 0;
	struct pollfd p = { .fd = master };

	if (argc != 3 || master < 0 || grantpt(master) < 0 ||
	    unlockpt(master) < 0) {
		fputs("usage: tty_peer LINK MODE\n", stderr);
		return 2;
	}
	mode = argv[2];
	state = (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid();
	/* An open slave keeps the master from hanging up between two users. */
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (slave < 0 || symlink(ptsname(master), argv[1]) < 0) {
		perror(argv[1]);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	for (;;) {
		p.events = (short)(POLLIN | (running ? POLLOUT : 0));
		if (poll(&p, 1, -1) < 0)
			return 1;
		if (p.revents & POLLIN)
			running = read_commands(master, running);
		else if (p.revents & POLLOUT)
			send_bytes(master);
		else
			return 1;
	}
}
