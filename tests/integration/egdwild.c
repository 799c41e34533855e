/*
 * egdwild.c - an EGD peer that behaves as badly as it may, and what it got
 *
 * egdwild peer SOCKET SEED FILE   until SIGTERM: connects whenever it can,
 *     asks for odd sizes, reads in crumbs or not at all, floods, half closes,
 *     hangs up amid replies, says nothing; what arrives is appended to FILE;
 *     says how many bytes came over how many connections
 * egdwild bulk SOCKET BYTES FILE   the same with BULK requests at a time, until
 *     so many bytes have come; connects again whenever it is hung up on, or has
 *     waited for too long
 * egdwild unique FILE...          no 16 bytes that stand at a multiple of 16
 *     stand anywhere else: nothing of 31 bytes or more came twice, wherever
 *
 * Exit status: 0, or 1 with a reason.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BLOCK	    16
#define ACTS_MAX    40
#define PATIENCE_MS 4000 /* a device may be opened meanwhile */
#define FLOOD	    24	 /* requests: more than a socket's buffer takes */
#define ONE_REQUEST 255
#define BULK	    16
#define BULK_SIZE   240
#define BULK_MS	    500 /* between two of them, at most */

struct wild {
	const char *path;
	uint64_t seed;
	int fd, out;
	unsigned long bytes, connections;
};

static volatile sig_atomic_t ended;

static void on_term(int number)
{
	(void)number;
	ended = 1;
}

static int fail(const char *what)
{
	fprintf(stderr, "egdwild: %s: %s\n", what,
		errno ? strerror(errno) : "failed");
	return 1;
}

/* xorshift64*; 0..below-1. */
static unsigned int roll(struct wild *w, unsigned int below)
{
	w->seed ^= w->seed >> 12;
	w->seed ^= w->seed << 25;
	w->seed ^= w->seed >> 27;
	return (unsigned int)((w->seed * 0x2545f4914f6cdd1dull) >> 33) % below;
}

static void rest(struct wild *w, unsigned int most_ms)
{
	usleep(roll(w, most_ms * 1000 + 1));
}

static bool wild_connect(struct wild *w)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", w->path);
	w->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (w->fd >= 0 &&
	    connect(w->fd, (struct sockaddr *)&sa, sizeof(sa)) == 0) {
		w->connections++;
		return true;
	}
	if (w->fd >= 0)
		close(w->fd);
	usleep(20000);
	return false;
}

/* Up to most bytes, or all that comes for patience_ms; false: hung up. */
static bool take(struct wild *w, size_t most, size_t crumb, int patience_ms)
{
	struct pollfd p = { .fd = w->fd, .events = POLLIN };
	uint8_t buf[4096];
	ssize_t n;

	if (crumb > sizeof(buf))
		crumb = sizeof(buf);
	while (most && !ended && poll(&p, 1, patience_ms) == 1) {
		n = read(w->fd, buf, crumb < most ? crumb : most);
		if (n <= 0 || write(w->out, buf, (size_t)n) != n)
			return false;
		w->bytes += (size_t)n;
		most -= (size_t)n;
	}
	return true;
}

static bool ask(struct wild *w, uint8_t op, unsigned int size)
{
	uint8_t request[2] = { op, (uint8_t)size };

	return send(w->fd, request, 2, MSG_NOSIGNAL | MSG_DONTWAIT) == 2;
}

static bool act_read(struct wild *w)
{
	unsigned int size = roll(w, 2) ? 64 : 1 + roll(w, ONE_REQUEST);

	return ask(w, 2, size) &&
	       take(w, size, roll(w, 4) ? size : 1 + roll(w, 7), PATIENCE_MS);
}

/* Asks for more than the socket's buffer takes before it reads. */
static bool act_flood(struct wild *w)
{
	unsigned int i;

	for (i = 0; i < FLOOD; i++)
		if (!ask(w, 2, ONE_REQUEST))
			return false;
	rest(w, 100);
	if (!roll(w, 4))
		return false;
	return take(w, FLOOD * ONE_REQUEST, roll(w, 2) ? 4096 : 50,
		    PATIENCE_MS);
}

static bool act_hang_up_amid(struct wild *w)
{
	ask(w, 2, ONE_REQUEST);
	take(w, roll(w, ONE_REQUEST), ONE_REQUEST, (int)roll(w, 100));
	return false;
}

static bool act_half_close(struct wild *w)
{
	ask(w, 2, ONE_REQUEST);
	shutdown(w->fd, SHUT_WR);
	take(w, 2 * ONE_REQUEST, ONE_REQUEST, PATIENCE_MS);
	return false;
}

/* What is pushed, or lies ahead. */
static bool act_listen(struct wild *w)
{
	return take(w, 4096, 4096, (int)roll(w, 500));
}

/* A connection that asks "what is there now"; its counts are no random. */
static bool classic(struct wild *w)
{
	struct pollfd p = { .fd = w->fd, .events = POLLIN };
	uint8_t count;

	if (!ask(w, 1, 1 + roll(w, ONE_REQUEST)) ||
	    poll(&p, 1, PATIENCE_MS) != 1 || read(w->fd, &count, 1) != 1)
		return false;
	return take(w, count, count, PATIENCE_MS);
}

static bool act(struct wild *w)
{
	unsigned int what = roll(w, 100);

	rest(w, 30);
	if (what < 80)
		return act_read(w);
	if (what < 85)
		return act_flood(w);
	if (what < 90)
		return act_hang_up_amid(w);
	if (what < 93)
		return act_half_close(w);
	return act_listen(w);
}

static int wild_open(struct wild *w, const char *path)
{
	struct sigaction sa = { .sa_handler = on_term };

	sigaction(SIGTERM, &sa, NULL);
	w->out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	return w->out < 0 ? fail(path) : 0;
}

static void wild_report(struct wild *w)
{
	close(w->out);
	printf("%lu bytes over %lu connections\n", w->bytes, w->connections);
}

static int cmd_peer(char *argv[], int argc)
{
	struct wild w = { .path = argv[0],
			  .seed = strtoull(argv[1], NULL, 10) * 2 + 1 };
	unsigned int acts;
	bool old;

	(void)argc;
	if (wild_open(&w, argv[2]))
		return 1;
	while (!ended) {
		if (!wild_connect(&w))
			continue;
		old = roll(&w, 8) == 0;
		for (acts = roll(&w, ACTS_MAX); acts && !ended; acts--)
			if (!(old ? classic(&w) : act(&w)))
				break;
		close(w.fd);
	}
	wild_report(&w);
	return 0;
}

/* False: less came than it asked for. */
static bool act_bulk(struct wild *w)
{
	unsigned long before = w->bytes;
	int i;

	for (i = 0; i < BULK; i++)
		if (!ask(w, 2, BULK_SIZE))
			return false;
	return take(w, (size_t)BULK * BULK_SIZE, 4096, PATIENCE_MS) &&
	       w->bytes - before == (unsigned long)BULK * BULK_SIZE;
}

static int cmd_bulk(char *argv[], int argc)
{
	struct wild w = { .path = argv[0], .seed = (uint64_t)getpid() };
	unsigned long wanted = strtoul(argv[1], NULL, 10);

	(void)argc;
	if (wild_open(&w, argv[2]))
		return 1;
	while (!ended && w.bytes < wanted) {
		if (!wild_connect(&w))
			continue;
		while (w.bytes < wanted && act_bulk(&w))
			rest(&w, BULK_MS);
		close(w.fd);
	}
	wild_report(&w);
	return w.bytes < wanted;
}

struct all {
	uint8_t *data; /* BLOCK bytes more than len */
	size_t len, size;
	uint32_t *table; /* number of a block and 1; 0: none */
	size_t mask;
};

/* Files begin at multiples of BLOCK; what is left over is no block. */
static int all_read(struct all *a, const char *path)
{
	FILE *in = fopen(path, "rbe");
	size_t n = 1;

	if (!in)
		return -1;
	while (n) {
		if (a->len + BLOCK + (1 << 20) > a->size) {
			a->size = a->size * 2 + (4 << 20);
			a->data = realloc(a->data, a->size);
			if (!a->data)
				return -1;
		}
		n = fread(a->data + a->len, 1, 1 << 20, in);
		a->len += n;
	}
	a->len -= a->len % BLOCK;
	fclose(in);
	return 0;
}

/* The slot of an equal block, or the empty one where it would be. */
static size_t all_slot(const struct all *a, const uint8_t *block)
{
	uint64_t hash;
	size_t slot;

	memcpy(&hash, block, sizeof(hash));
	slot = (size_t)((hash * 0x9e3779b97f4a7c15ull) >> 20) & a->mask;
	while (a->table[slot] &&
	       memcmp(a->data + (size_t)(a->table[slot] - 1) * BLOCK, block,
		      BLOCK))
		slot = (slot + 1) & a->mask;
	return slot;
}

/* The first offset of what stands elsewhere, too; -1: none. */
static long all_repeated(struct all *a)
{
	size_t slot, at;

	for (at = 0; at < a->len; at += BLOCK) {
		slot = all_slot(a, a->data + at);
		if (a->table[slot])
			return (long)at;
		a->table[slot] = (uint32_t)(at / BLOCK + 1);
	}
	for (at = 0; at + BLOCK <= a->len; at++)
		if (at % BLOCK && a->table[all_slot(a, a->data + at)])
			return (long)at;
	return -1;
}

static int cmd_unique(char *argv[], int argc)
{
	struct all a = { .mask = 1023 };
	long at;
	int i;

	for (i = 0; i < argc; i++)
		if (all_read(&a, argv[i]) < 0)
			return fail(argv[i]);
	errno = 0;
	if (!a.len)
		return fail("nothing was received");
	while (a.mask < a.len / BLOCK * 2)
		a.mask = a.mask * 2 + 1;
	a.table = calloc(a.mask + 1, sizeof(*a.table));
	if (!a.table)
		return fail("memory");
	at = all_repeated(&a);
	printf("%zu blocks of 16 bytes\n", a.len / BLOCK);
	free(a.table);
	free(a.data);
	if (at >= 0)
		fprintf(stderr, "egdwild: what stands at %ld came twice\n", at);
	return at >= 0;
}

int main(int argc, char *argv[])
{
	if (argc == 5 && !strcmp(argv[1], "peer"))
		return cmd_peer(argv + 2, argc - 2);
	if (argc == 5 && !strcmp(argv[1], "bulk"))
		return cmd_bulk(argv + 2, argc - 2);
	if (argc > 2 && !strcmp(argv[1], "unique"))
		return cmd_unique(argv + 2, argc - 2);
	fprintf(stderr, "egdwild: see the head of egdwild.c\n");
	return 2;
}
