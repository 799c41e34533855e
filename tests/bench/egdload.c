/*
 * egdload.c - many EGD peers in one process, and what each of them got
 *
 * Each operand is MODE:SOCKET, one connection.  A peer reads no more than it
 * has asked for, as QEMU's rng-egd does, so a block that was sent ahead waits
 * in the socket.  Prints one line of JSON: who got how many bytes in the
 * measured time, and the time from request to last byte of polite peers.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/opt.h"

#define REQUEST	      64 /* bytes, as QEMU asks for */
#define FLOOD_DEPTH   16 /* requests that a flooding peer keeps open */
#define SAMPLES_MAX   (1 << 20)
#define EVENTS	      256
#define CONNECT_TRIES 100 /* of 20 ms, while the backlog is full */

enum mode {
	FLOOD,	/* always has FLOOD_DEPTH requests open */
	SINGLE, /* always has one open: a guest that reads all it can get */
	POLITE, /* one request every interval */
	IDLE,	/* is connected, asks nothing, reads nothing */
};

static const char *const mode_names[] = { "flood", "single", "polite", "idle" };

/* Requests that a peer keeps open. */
static const size_t depth[] = { [FLOOD] = FLOOD_DEPTH, [SINGLE] = 1 };

struct peer {
	const char *socket;
	enum mode mode;
	int fd;
	uint64_t bytes, requests; /* in the measured time */
	uint64_t late; /* answers that came after the next request was due */
	size_t owed;
	uint64_t due_us, asked_us; /* POLITE */
	bool closed;
};

struct load {
	unsigned long long seconds, warmup_ms, interval_us;
	bool help;
	struct peer *peers;
	size_t count;
	int epoll_fd;
	uint32_t *latency_us; /* of all polite peers together */
	size_t latencies;
	uint64_t start_us, end_us; /* of the measured time */
};

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static int set_number(const char *value, unsigned long long max,
		      unsigned long long *out, const char **why)
{
	*why = "a number out of range";
	return opt_u64(value, 0, max, out);
}

static int set_seconds(void *ctx, const char *value, const char **why)
{
	return set_number(value, 86400, &((struct load *)ctx)->seconds, why);
}

static int set_warmup(void *ctx, const char *value, const char **why)
{
	return set_number(value, 86400000, &((struct load *)ctx)->warmup_ms,
			  why);
}

static int set_interval(void *ctx, const char *value, const char **why)
{
	unsigned long long ms;
	int ret = set_number(value, 86400000, &ms, why);

	((struct load *)ctx)->interval_us = ms * 1000;
	return ret;
}

static OPT_FLAG(set_help, struct load, help);

static const struct opt options[] = {
	{ "seconds", 'd', "S", "measure for so long (10).", set_seconds },
	{ "warmup", 'w', "MS", "before that, let it run in (1000).",
	  set_warmup },
	{ "interval", 'i', "MS", "between a polite peer's requests (100).",
	  set_interval },
	{ "help", 'h', NULL, "print this.", set_help },
	{ 0 },
};

static int peer_connect(struct peer *p)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	if (strlen(p->socket) >= sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	strcpy(sun.sun_path, p->socket);
	p->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd < 0)
		return -errno;
	for (int i = 0; i < CONNECT_TRIES; i++) {
		if (connect(p->fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
			return 0;
		if (errno != EAGAIN)
			break;
		poll(NULL, 0, 20);
	}
	return -errno;
}

/* MODE:SOCKET */
static int peer_init(struct load *l, struct peer *p, const char *operand)
{
	const char *colon = strchr(operand, ':');
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = p };
	size_t len = colon ? (size_t)(colon - operand) : 0;
	int ret;

	p->mode = FLOOD;
	while (p->mode <= IDLE && (strncmp(operand, mode_names[p->mode], len) ||
				   mode_names[p->mode][len]))
		p->mode++;
	if (p->mode > IDLE) {
		fprintf(stderr,
			"egdload: %s: not flood|single|polite|idle:SOCKET\n",
			operand);
		return -EINVAL;
	}
	p->socket = colon + 1;
	ret = peer_connect(p);
	if (ret == 0 && p->mode != IDLE &&
	    epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, p->fd, &ev))
		ret = -errno;
	if (ret)
		fprintf(stderr, "egdload: %s: %s\n", p->socket, strerror(-ret));
	return ret;
}

static bool measuring(const struct load *l, uint64_t now)
{
	return now >= l->start_us && now < l->end_us;
}

static void peer_close(struct load *l, struct peer *p)
{
	epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, p->fd, NULL);
	p->closed = true;
}

static void peer_ask(struct load *l, struct peer *p, size_t requests)
{
	uint8_t ask[2 * FLOOD_DEPTH];

	for (size_t i = 0; i < requests; i++) {
		ask[2 * i] = 0x02;
		ask[2 * i + 1] = REQUEST;
	}
	if (send(p->fd, ask, 2 * requests, MSG_NOSIGNAL) !=
	    (ssize_t)(2 * requests)) {
		peer_close(l, p);
		return;
	}
	p->owed += requests * REQUEST;
	if (measuring(l, now_us()))
		p->requests += requests;
}

static void peer_ask_more(struct load *l, struct peer *p)
{
	size_t open = (p->owed + REQUEST - 1) / REQUEST;

	if (open < depth[p->mode])
		peer_ask(l, p, depth[p->mode] - open);
}

static void polite_done(struct load *l, struct peer *p, uint64_t now)
{
	uint64_t us = now - p->asked_us;

	if (measuring(l, now) && l->latencies < SAMPLES_MAX)
		l->latency_us[l->latencies++] = us < UINT32_MAX ? (uint32_t)us
								: UINT32_MAX;
	p->due_us += l->interval_us;
	if (p->due_us <= now && measuring(l, now))
		p->late++;
	while (p->due_us <= now)
		p->due_us += l->interval_us;
}

static void peer_read(struct load *l, struct peer *p)
{
	uint8_t buf[FLOOD_DEPTH * REQUEST];
	uint64_t now;
	ssize_t n;

	if (p->owed == 0 || p->closed)
		return;
	n = recv(p->fd, buf, p->owed, MSG_DONTWAIT);
	now = now_us();
	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		peer_close(l, p);
		return;
	}
	if (n < 0)
		return;
	p->owed -= (size_t)n;
	if (measuring(l, now))
		p->bytes += (uint64_t)n;
	if (p->mode == POLITE && p->owed == 0)
		polite_done(l, p, now);
	else if (p->mode != POLITE)
		peer_ask_more(l, p);
}

static void peer_event(struct load *l, struct peer *p, uint32_t events)
{
	if (p->owed)
		peer_read(l, p);
	else if (events & (EPOLLHUP | EPOLLERR) && !p->closed)
		peer_close(l, p);
}

/* A polite peer whose time has come asks; a waiting block answers at once. */
static void polite_tick(struct load *l, struct peer *p, uint64_t now)
{
	if (p->mode != POLITE || p->closed || p->owed || now < p->due_us)
		return;
	p->asked_us = now_us();
	peer_ask(l, p, 1);
	peer_read(l, p);
}

/*
 * A polite peer that has asked nothing must not poll for what was sent ahead:
 * edges are of no use here, so it is watched only while it is owed something.
 */
static void polite_watch(struct load *l, struct peer *p)
{
	struct epoll_event ev = { .events = p->owed ? EPOLLIN : 0,
				  .data.ptr = p };

	if (!p->closed)
		epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, p->fd, &ev);
}

static uint64_t tick(struct load *l, uint64_t now)
{
	uint64_t next = l->end_us;

	for (size_t i = 0; i < l->count; i++) {
		struct peer *p = &l->peers[i];

		if (p->mode != POLITE)
			continue;
		polite_tick(l, p, now);
		polite_watch(l, p);
		if (!p->closed && !p->owed && p->due_us < next)
			next = p->due_us;
	}
	return next;
}

static void run(struct load *l)
{
	struct epoll_event ev[EVENTS];
	uint64_t now = now_us();

	l->start_us = now + l->warmup_ms * 1000;
	l->end_us = l->start_us + l->seconds * 1000000;
	for (size_t i = 0; i < l->count; i++) {
		l->peers[i].due_us = now + l->interval_us * i / l->count;
		if (l->peers[i].mode < POLITE)
			peer_ask_more(l, &l->peers[i]);
	}
	while ((now = now_us()) < l->end_us) {
		uint64_t next = tick(l, now);
		struct timespec wait = { 0 };
		int n;

		now = now_us();
		if (next > now) {
			wait.tv_sec = (time_t)((next - now) / 1000000);
			wait.tv_nsec = (long)((next - now) % 1000000 * 1000);
		}
		n = epoll_pwait2(l->epoll_fd, ev, EVENTS, &wait, NULL);
		for (int i = 0; i < n; i++)
			peer_event(l, ev[i].data.ptr, ev[i].events);
	}
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static uint32_t percentile(const struct load *l, unsigned int per_mille)
{
	return l->latencies == 0
		       ? 0
		       : l->latency_us[(l->latencies - 1) * per_mille / 1000];
}

static double jain(const struct load *l)
{
	double sum = 0, squares = 0, n = 0;

	for (size_t i = 0; i < l->count; i++) {
		double bytes = (double)l->peers[i].bytes;

		if (l->peers[i].mode >= POLITE)
			continue;
		n++;
		sum += bytes;
		squares += bytes * bytes;
	}
	return squares > 0 ? sum * sum / (n * squares) : 0;
}

static void report(struct load *l)
{
	uint64_t bytes = 0, late = 0;
	size_t closed = 0;

	qsort(l->latency_us, l->latencies, sizeof(*l->latency_us), by_size);
	printf("{\"seconds\":%llu,\"peers\":[", l->seconds);
	for (size_t i = 0; i < l->count; i++) {
		const struct peer *p = &l->peers[i];

		printf("%s{\"socket\":\"%s\",\"mode\":\"%s\",\"bytes\":%" PRIu64
		       ",\"requests\":%" PRIu64 ",\"closed\":%s}",
		       i ? "," : "", p->socket, mode_names[p->mode], p->bytes,
		       p->requests, p->closed ? "true" : "false");
		bytes += p->bytes;
		late += p->late;
		/* Never answered is late, too. */
		late += p->mode == POLITE && p->owed &&
			p->asked_us + l->interval_us <= l->end_us;
		closed += p->closed;
	}
	printf("],\"bytes\":%" PRIu64 ",\"closed\":%zu,\"flood_jain\":%.6f,"
	       "\"polite_us\":{\"count\":%zu,\"p50\":%u,\"p90\":%u,\"p99\":%u,"
	       "\"max\":%u,\"late\":%" PRIu64 "}}\n",
	       bytes, closed, jain(l), l->latencies, percentile(l, 500),
	       percentile(l, 900), percentile(l, 990), percentile(l, 1000),
	       late);
}

static int load_init(struct load *l, int count, char *operands[])
{
	const struct rlimit files = { 65536, 65536 };

	setrlimit(RLIMIT_NOFILE, &files); /* fails late, if it matters */
	l->count = (size_t)count;
	l->peers = calloc(l->count, sizeof(*l->peers));
	l->latency_us = calloc(SAMPLES_MAX, sizeof(*l->latency_us));
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!l->peers || !l->latency_us || l->epoll_fd < 0) {
		perror("egdload");
		return -errno;
	}
	for (size_t i = 0; i < l->count; i++) {
		int ret = peer_init(l, &l->peers[i], operands[i]);

		if (ret)
			return ret;
	}
	return 0;
}

int main(int argc, char *argv[])
{
	struct load l = { .seconds = 10,
			  .warmup_ms = 1000,
			  .interval_us = 100000 };
	int first = opt_parse(options, &l, "egdload", argc, argv);

	if (first >= 0 && l.help) {
		opt_help(options, "egdload [OPTIONS] MODE:SOCKET...", stdout);
		return 0;
	}
	if (first < 0 || first == argc || l.interval_us == 0) {
		fputs("egdload: see --help\n", stderr);
		return 2;
	}
	if (load_init(&l, argc - first, argv + first))
		return 1;
	run(&l);
	report(&l);
	return 0;
}
