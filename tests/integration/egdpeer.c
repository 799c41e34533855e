/*
 * egdpeer.c - peers of EGD sockets, polite and otherwise
 *
 * egdpeer read SOCKET REQUESTS SIZE FILE [PAUSE_MS]   one request at a time;
 *     what arrives is appended to FILE
 * egdpeer bulk SOCKET ROUNDS SIZE FILE    the same, BULK requests at a time
 * egdpeer raw SOCKET HEX IDLE_MS     sends HEX, prints in hex what arrives
 *     until nothing did for IDLE_MS, then "open" or "closed"
 * egdpeer flood SOCKET BYTES SECONDS sends BYTES of headers, reads nothing,
 *     says "sent", holds the connection for SECONDS
 * egdpeer many FOLDER REQUESTS FILE  a peer on each *.sock of FOLDER, all at
 *     once; appends all to FILE, says how many connected
 * egdpeer steady SOCKET SIZE FILE PAUSE_MS   one request at a time until
 *     SIGTERM, then what is still there; says what it asked for, how much more
 *     than that arrived, and how long it waited at most
 * egdpeer gulp SOCKET FILE   as many blocks of 64 bytes as it can get, with 64
 *     requests under way, until it is killed
 * egdpeer unique FILE...             all 16-byte blocks of all files differ, for
 *     what is too large for `egdwild unique`, which finds them at any offset
 *
 * Exit status: 0, or 1 with a reason; reads give up after TIMEOUT_MS.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_MS  20000
#define PEERS_MAX   4096
#define REQUEST_MAX 255
#define BULK	    16

static int fail(const char *what)
{
	fprintf(stderr, "egdpeer: %s: %s\n", what,
		errno ? strerror(errno) : "failed");
	return 1;
}

static int peer_connect(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int timeout_ms = TIMEOUT_MS;

/* Whole or not at all. */
static int peer_read(int fd, uint8_t *buf, size_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t have = 0;
	ssize_t n;

	while (have < len) {
		errno = ETIMEDOUT;
		n = poll(&p, 1, timeout_ms);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != 1)
			return -1;
		n = read(fd, buf + have, len - have);
		errno = n == 0 ? ECONNRESET : errno;
		if (n <= 0)
			return -1;
		have += (size_t)n;
	}
	return 0;
}

static int peer_ask(int fd, uint8_t size)
{
	uint8_t request[2] = { 2, size };

	return send(fd, request, 2, MSG_NOSIGNAL) == 2 ? 0 : -1;
}

static int cmd_read(char *argv[], int argc)
{
	int requests = atoi(argv[1]), size = atoi(argv[2]);
	unsigned int pause_ms = argc > 4 ? (unsigned int)atoi(argv[4]) : 0;
	uint8_t buf[REQUEST_MAX];
	FILE *out = fopen(argv[3], "ab");
	int fd = peer_connect(argv[0]), i;

	if (fd < 0 || !out)
		return fail(argv[0]);
	for (i = 0; i < requests; i++) {
		if (peer_ask(fd, (uint8_t)size) ||
		    peer_read(fd, buf, (size_t)size))
			return fail("read");
		fwrite(buf, 1, (size_t)size, out);
		if (pause_ms) {
			fflush(out);
			usleep(pause_ms * 1000);
		}
	}
	close(fd);
	return fclose(out) ? fail(argv[3]) : 0;
}

static int cmd_bulk(char *argv[], int argc)
{
	uint8_t buf[BULK * REQUEST_MAX], requests[BULK * 2];
	size_t size = (size_t)atoi(argv[2]) * BULK;
	FILE *out = fopen(argv[3], "ab");
	int fd = peer_connect(argv[0]);

	(void)argc;
	if (fd < 0 || !out || size > sizeof(buf))
		return fail(argv[0]);
	for (int i = 0; i < BULK; i++) {
		requests[2 * i] = 2;
		requests[2 * i + 1] = (uint8_t)(size / BULK);
	}
	for (int rounds = atoi(argv[1]); rounds > 0; rounds--) {
		if (send(fd, requests, sizeof(requests), MSG_NOSIGNAL) !=
			    (ssize_t)sizeof(requests) ||
		    peer_read(fd, buf, size))
			return fail("read");
		fwrite(buf, 1, size, out);
	}
	close(fd);
	return fclose(out) ? fail(argv[3]) : 0;
}

static size_t parse_hex(const char *hex, uint8_t *out, size_t max)
{
	size_t n = 0;
	unsigned int byte;

	while (n < max && sscanf(hex, "%2x", &byte) == 1) {
		out[n++] = (uint8_t)byte;
		hex += 2;
	}
	return n;
}

static int cmd_raw(char *argv[], int argc)
{
	uint8_t buf[4096];
	size_t len = parse_hex(argv[1], buf, sizeof(buf));
	int fd = peer_connect(argv[0]);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n = 1, i;

	(void)argc;
	if (fd < 0)
		return fail(argv[0]);
	/* a refused peer finds the connection closed already */
	if (len && send(fd, buf, len, MSG_NOSIGNAL) < 0 && errno != EPIPE)
		return fail("send");
	while (n > 0 && poll(&p, 1, atoi(argv[2])) == 1) {
		n = read(fd, buf, sizeof(buf)); /* ECONNRESET: closed, too */
		for (i = 0; i < n; i++)
			printf("%02x", buf[i]);
	}
	puts(n > 0 ? " open" : " closed");
	return 0;
}

static int cmd_flood(char *argv[], int argc)
{
	size_t left = (size_t)atol(argv[1]), part;
	int fd = peer_connect(argv[0]);
	uint8_t buf[65536];
	ssize_t n;

	(void)argc;
	if (fd < 0)
		return fail(argv[0]);
	for (part = 0; part < sizeof(buf); part += 2) {
		buf[part] = 2;
		buf[part + 1] = 255;
	}
	while (left) {
		part = left < sizeof(buf) ? left : sizeof(buf);
		n = send(fd, buf, part, MSG_NOSIGNAL);
		if (n <= 0 || n % 2)
			return fail("send");
		left -= (size_t)n;
	}
	puts("sent");
	fflush(stdout);
	sleep((unsigned int)atoi(argv[2]));
	return 0;
}

static int connect_all(const char *folder, struct pollfd *peers)
{
	char path[512];
	struct dirent *e;
	DIR *d = opendir(folder);
	int n = 0;

	while (d && n < PEERS_MAX && (e = readdir(d))) {
		if (!strstr(e->d_name, ".sock"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		peers[n].fd = peer_connect(path);
		peers[n].events = POLLIN;
		if (peers[n].fd < 0)
			return -1;
		n++;
	}
	if (d)
		closedir(d);
	return n;
}

/* 64 bytes at a time, as a Linux guest does. */
static int cmd_many(char *argv[], int argc)
{
	static struct pollfd peers[PEERS_MAX];
	struct rlimit lim = { 2 * PEERS_MAX, 2 * PEERS_MAX };
	FILE *out = fopen(argv[2], "ab");
	uint8_t buf[64];
	int round, i, n;

	(void)argc;
	setrlimit(RLIMIT_NOFILE, &lim);
	n = connect_all(argv[0], peers);
	if (n < 0 || !out)
		return fail(argv[0]);
	for (round = 0; round < atoi(argv[1]); round++) {
		for (i = 0; i < n; i++)
			if (peer_ask(peers[i].fd, sizeof(buf)))
				return fail("ask");
		for (i = 0; i < n; i++) {
			if (peer_read(peers[i].fd, buf, sizeof(buf)))
				return fail("read");
			fwrite(buf, 1, sizeof(buf), out);
		}
	}
	fclose(out);
	printf("%d connected\n", n);
	return 0;
}

static volatile sig_atomic_t ended;

static void on_term(int number)
{
	(void)number;
	ended = 1;
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* What arrives unasked until nothing did for a second; -1: hung up. */
static long drain(int fd, FILE *out)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t buf[4096];
	long more = 0;
	ssize_t n;

	while (poll(&p, 1, 1000) == 1) {
		n = read(fd, buf, sizeof(buf));
		if (n <= 0)
			return -1;
		fwrite(buf, 1, (size_t)n, out);
		more += n;
	}
	return more;
}

static int cmd_steady(char *argv[], int argc)
{
	long asked = 0, slowest = 0, begin, took, more;
	int fd = peer_connect(argv[0]), size = atoi(argv[1]);
	unsigned int pause_ms = (unsigned int)atoi(argv[3]);
	FILE *out = fopen(argv[2], "ab");
	uint8_t buf[REQUEST_MAX];

	(void)argc;
	if (fd < 0 || !out)
		return fail(argv[0]);
	timeout_ms = 3 * TIMEOUT_MS; /* a device may start meanwhile */
	signal(SIGTERM, on_term);    /* restarts what it interrupts, but poll */
	while (!ended) {
		begin = now_ms();
		if (peer_ask(fd, (uint8_t)size) ||
		    peer_read(fd, buf, (size_t)size))
			return fail("read");
		took = now_ms() - begin;
		slowest = took > slowest ? took : slowest;
		asked += size;
		fwrite(buf, 1, (size_t)size, out);
		if (pause_ms)
			usleep(pause_ms * 1000);
	}
	more = drain(fd, out);
	if (fclose(out))
		return fail(argv[2]);
	if (more < 0)
		return fail("drain");
	printf("asked %ld more %ld slowest %ld\n", asked, more, slowest);
	return 0;
}

static int cmd_gulp(char *argv[], int argc)
{
	int fd = peer_connect(argv[0]);
	FILE *out = fopen(argv[1], "ab");
	size_t have = 0, asked = 0;
	uint8_t buf[4096];
	ssize_t n;

	(void)argc;
	if (fd < 0 || !out)
		return fail(argv[0]);
	for (;;) {
		for (; asked < have + sizeof(buf); asked += 64)
			if (peer_ask(fd, 64))
				return fail("ask");
		n = read(fd, buf, sizeof(buf));
		if (n <= 0)
			return fail("read");
		have += (size_t)n;
		fwrite(buf, 1, (size_t)n, out);
		fflush(out);
	}
}

struct block {
	uint64_t half[2];
};

struct blocks {
	struct block *all; /* room for one more than there are */
	size_t count, room;
};

static int compare(const void *a, const void *b)
{
	const struct block *x = a, *y = b;
	int half = x->half[0] == y->half[0];

	return (x->half[half] > y->half[half]) -
	       (x->half[half] < y->half[half]);
}

static int blocks_grow(struct blocks *b)
{
	struct block *grown;

	if (b->count < b->room)
		return 0;
	b->room += 1 << 18;
	grown = reallocarray(b->all, b->room, sizeof(*grown));
	if (!grown)
		return -1;
	b->all = grown;
	return 0;
}

static int blocks_read(struct blocks *b, const char *path)
{
	FILE *in = fopen(path, "rb");
	int r = -1;

	if (!in)
		return -1;
	while ((r = blocks_grow(b)) == 0 &&
	       fread(&b->all[b->count], sizeof(*b->all), 1, in) == 1)
		b->count++;
	if (ferror(in))
		r = -1;
	fclose(in);
	return r;
}

/* Exact, as nothing is hashed: memory for all of it, and as much to sort. */
static int cmd_unique(char *argv[], int argc)
{
	struct blocks b = { 0 };
	size_t twice = 0;

	for (; argc--; argv++)
		if (blocks_read(&b, *argv))
			return fail(*argv);
	errno = 0;
	if (!b.count)
		return fail("nothing was received");
	qsort(b.all, b.count, sizeof(*b.all), compare);
	for (size_t i = 1; i < b.count; i++)
		twice += compare(&b.all[i], &b.all[i - 1]) == 0;
	free(b.all);
	if (twice)
		return fail("a block came twice");
	printf("%zu blocks\n", b.count);
	return 0;
}

int main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		int args;
		int (*run)(char *argv[], int argc);
	} commands[] = {
		{ "read", 4, cmd_read },     { "raw", 3, cmd_raw },
		{ "bulk", 4, cmd_bulk },     { "flood", 3, cmd_flood },
		{ "many", 3, cmd_many },     { "unique", 1, cmd_unique },
		{ "steady", 4, cmd_steady }, { "gulp", 2, cmd_gulp },
	};
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (argc > 1 && !strcmp(argv[1], commands[i].name) &&
		    argc - 2 >= commands[i].args)
			return commands[i].run(argv + 2, argc - 2);
	fprintf(stderr, "egdpeer: see the head of egdpeer.c\n");
	return 2;
}
