/*
 * egd_server.c - an EGD server with a fault, for the guest agent's tests
 *
 *	egd_server SOCKET MODE
 *
 * Answers every blocking read of every connection, one connection after the
 * other.  MODE:
 *	good	as it should be
 *	ahead	as good, and 64 bytes unasked with every connection
 *	blocks	whole blocks of 64 bytes, one of them ahead, as the host agent
 *	pieces	one byte at a time
 *	zero	zeros
 *	replay	the same stream in every connection
 *	drop	closes in the middle of the first reply, from then on good
 *	silent	accepts, reads, never answers
 *	slow	half of the first reply, then nothing
 *	full	never waits to be asked: the socket is always full of bytes
 * Says "ready" on standard output when it listens.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/egd.h"

static const char *mode;
static uint64_t state;
static int connections;
static int64_t owed; /* blocks: to this connection */

static int is(const char *name)
{
	return !strcmp(mode, name);
}

/* SplitMix64. */
static uint8_t next_byte(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	if (is("zero"))
		return 0;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (uint8_t)(z ^ z >> 31);
}

/* -1 when the peer is gone. */
static int send_bytes(int fd, size_t n)
{
	uint8_t bytes[255];
	size_t step = is("pieces") ? 1 : sizeof(bytes);

	for (size_t at = 0; at < n; at += step) {
		size_t len = n - at < step ? n - at : step;

		for (size_t i = 0; i < len; i++)
			bytes[i] = next_byte();
		if (send(fd, bytes, len, MSG_NOSIGNAL) != (ssize_t)len)
			return -1;
	}
	return 0;
}

/* The last of the blocks may be ahead in part or as a whole. */
static int send_blocks(int fd, size_t n)
{
	size_t blocks = 0;

	for (owed += (int64_t)n; owed >= 0; owed -= 64)
		blocks++;
	return send_bytes(fd, 64 * blocks);
}

/* -1 to close the connection. */
static int answer(int fd, const struct egd_request *req)
{
	if (req->op != EGD_READ || is("silent"))
		return 0;
	if (is("slow")) {
		mode = "silent";
		return send_bytes(fd, req->n / 2);
	}
	if (is("drop") && connections == 1) {
		send_bytes(fd, req->n / 2);
		return -1;
	}
	return is("blocks") ? send_blocks(fd, req->n) : send_bytes(fd, req->n);
}

/* What is asked for was sent before. */
static void fill(int fd)
{
	mode = "silent";
	if (fork())
		return;
	while (!send_bytes(fd, 255))
		;
	_exit(0);
}

static void serve(int fd)
{
	uint8_t in[256];
	struct egd_parser parser;
	struct egd_request req;
	const uint8_t *at;
	ssize_t got;
	size_t len;

	egd_parser_init(&parser);
	owed = 0;
	if (is("ahead") && send_bytes(fd, 64))
		return;
	if (is("full"))
		fill(fd);
	while ((got = recv(fd, in, sizeof(in), 0)) > 0) {
		at = in;
		len = (size_t)got;
		while (egd_next(&parser, &at, &len, &req) == 1)
			if (answer(fd, &req))
				return;
	}
}

int main(int argc, char *argv[])
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int listener, fd;

	if (argc != 3 || strlen(argv[1]) >= sizeof(addr.sun_path)) {
		fputs("usage: egd_server SOCKET MODE\n", stderr);
		return 2;
	}
	mode = argv[2];
	state = (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid();
	strcpy(addr.sun_path, argv[1]);
	unlink(argv[1]);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(listener, 8) < 0) {
		perror(argv[1]);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		connections++;
		if (is("replay"))
			state = 1;
		serve(fd);
		close(fd);
	}
	return 1;
}
