/*
 * egd_conn.c - one peer of the EGD publisher
 *
 * Two running totals say everything: asked and delivered.  Their difference is
 * what is owed, or what waits ahead in the socket's buffer for the peer's next
 * request.  A stream peer gets whole blocks while asked - delivered >= 0, so
 * never more than one block waits ahead.  A classic peer reads replies in the
 * order of its commands: commands behind owed bytes wait in a short queue.
 */
#include "host-agent/egd_conn.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "host-agent/egd_state.h"

/* Bytes that may be delivered before the first waiting command's turn. */
static uint64_t conn_owed(const struct egd_conn *c)
{
	uint64_t target = c->asked;

	if (c->pending_count)
		target = c->pending[c->pending_first].at;
	return target > c->delivered ? target - c->delivered : 0;
}

static bool conn_demands(const struct egd_conn *c)
{
	if (c->fd < 0 || c->blocked)
		return false;
	if (c->classic || c->eof)
		return c->now_due || conn_owed(c);
	return c->requested ? c->asked >= c->delivered : c->push_due;
}

static struct service_view conn_view(const struct egd_conn *c)
{
	const struct egd_conn_env *env = c->env;

	return (struct service_view){
		.absent = env->absent,
		.dry = env->dry,
		.plenty = pool_blocks(env->pool) >=
			  pool_capacity(env->pool) / 2,
		.now_us = egd_conn_now_us(),
	};
}

enum service_supply egd_conn_supply(const struct egd_conn *c)
{
	struct service_view view = conn_view(c);

	return service_supply(&c->consumer->service, &view);
}

static void conn_want_light(struct egd_conn *c, bool light)
{
	if (light == c->light)
		return;
	c->light = light;
	c->env->light_wanting += light ? 1 : (size_t)-1;
	sched_want(c->env->light, c->consumer->light, light);
}

/* Brings what others see of this connection up to date. */
static void conn_update(struct egd_conn *c)
{
	const struct service *service = &c->consumer->service;
	struct service_view view = conn_view(c);
	bool demand = conn_demands(c);
	bool wanting = c->fd >= 0 && service_wants_pool(service, &view, demand);
	bool owing = c->asked > c->delivered;

	conn_want_light(c, service_wants_made(service, &view, demand));
	c->consumer->owed = owing ? c->asked - c->delivered : 0;
	c->consumer->ahead = owing ? 0 : c->delivered - c->asked;
	owing = owing && wanting;
	if (owing != c->owing)
		c->env->owing += owing ? 1 : (size_t)-1;
	c->owing = owing;
	egd_state_save(c);
	if (wanting == c->wanting)
		return;
	c->wanting = wanting;
	c->env->wanting += wanting ? 1 : (size_t)-1;
	sched_want(c->env->sched, c->consumer->entry, wanting);
}

static void conn_block(struct egd_conn *c)
{
	c->blocked = true;
	event_add(&c->write_ev, NULL);
}

/* Times one request at a time: for QEMU, which has one pending, all of them. */
static void conn_probe(struct egd_conn *c)
{
	if (c->probing)
		return;
	if (c->asked <= c->delivered) {
		latency_add(&c->consumer->latency, 0);
		return;
	}
	c->probing = true;
	c->probe_target = c->asked;
	c->probe_us = egd_conn_now_us();
}

static void conn_probe_end(struct egd_conn *c)
{
	if (!c->probing || c->delivered < c->probe_target)
		return;
	c->probing = false;
	latency_add(&c->consumer->latency, egd_conn_now_us() - c->probe_us);
}

/* 0, -EAGAIN (waits for room) or -EPIPE (cannot go on). */
static int conn_reply(struct egd_conn *c, const uint8_t *reply, size_t len)
{
	ssize_t n = send(c->fd, reply, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n == (ssize_t)len)
		return 0;
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		conn_block(c);
		return -EAGAIN;
	}
	return -EPIPE;
}

/* What it could get now; a count of bits gives no bit away. */
static int conn_reply_level(struct egd_conn *c)
{
	uint64_t bits = (uint64_t)pool_blocks(c->env->pool) * POOL_BLOCK * 8;
	enum service_supply supply = egd_conn_supply(c);
	uint8_t reply[4];

	if (supply == SUPPLY_NONE)
		bits = 0;
	else if (supply != SUPPLY_POOL)
		bits = EGD_PUB_LEVEL_MAX;
	bits = 8 * (uint64_t)service_allows(&c->consumer->service, bits / 8);

	if (sched_is_throttled(c->consumer->entry))
		bits = 0;
	if (bits > EGD_PUB_LEVEL_MAX)
		bits = EGD_PUB_LEVEL_MAX;
	reply[0] = 0;
	reply[1] = (uint8_t)(bits >> 16);
	reply[2] = (uint8_t)(bits >> 8);
	reply[3] = (uint8_t)bits;
	return conn_reply(c, reply, sizeof(reply));
}

static int conn_reply_pid(struct egd_conn *c)
{
	char reply[16];
	int len = snprintf(reply + 1, sizeof(reply) - 1, "%d", (int)getpid());

	reply[0] = (char)len;
	return conn_reply(c, (const uint8_t *)reply, (size_t)len + 1);
}

static void conn_now_end(struct egd_conn *c)
{
	if (!c->now_due)
		return;
	c->now_due = false;
	TAILQ_REMOVE(&c->env->now, c, now_entry);
}

static void pending_pop(struct egd_conn *c)
{
	c->pending_first =
		(uint8_t)((c->pending_first + 1) % EGD_PUB_PENDING_MAX);
	c->pending_count--;
}

static int conn_reply_first(struct egd_conn *c)
{
	const struct egd_pending *p = &c->pending[c->pending_first];
	static const uint8_t none = 0;

	if (p->req.op == EGD_LEVEL)
		return conn_reply_level(c);
	if (p->req.op == EGD_PID)
		return conn_reply_pid(c);
	if (p->req.n == 0)
		return conn_reply(c, &none, 1);
	c->now_due = true;
	TAILQ_INSERT_TAIL(&c->env->now, c, now_entry);
	return -EAGAIN;
}

/* Answers the commands whose turn it is.  0 or -EPIPE. */
static int conn_advance(struct egd_conn *c)
{
	int r = 0;

	while (c->pending_count && !c->blocked && !c->now_due && !r &&
	       c->delivered >= c->pending[c->pending_first].at) {
		r = conn_reply_first(c);
		if (r == 0)
			pending_pop(c);
	}
	return r == -EPIPE ? r : 0;
}

/* A reason to close, or NULL. */
static const char *conn_queue(struct egd_conn *c, const struct egd_request *req)
{
	size_t slot;

	if (c->delivered > c->asked)
		return "classic command behind bytes given ahead";
	if (c->pending_count == EGD_PUB_PENDING_MAX)
		return "too many commands wait for an answer";
	slot = (c->pending_first + c->pending_count) % EGD_PUB_PENDING_MAX;
	c->pending[slot].req = *req;
	c->pending[slot].at = c->asked;
	c->pending_count++;
	c->classic = true;
	return conn_advance(c) ? "cannot answer" : NULL;
}

/* A reason to close, or NULL. */
static const char *conn_request(struct egd_conn *c,
				const struct egd_request *req)
{
	if (req->op == EGD_WRITE)
		return NULL; /* dropped: nobody's bytes but the source's */
	c->consumer->requests = consumer_add(c->consumer->requests, 1);
	if (req->op == EGD_READ && req->n == 0)
		return NULL;
	if (!c->requested)
		event_del(&c->push_ev);
	c->requested = true;
	c->push_due = false;
	if (req->op != EGD_READ)
		return conn_queue(c, req);
	c->asked = consumer_add(c->asked, req->n);
	c->consumer->asked = consumer_add(c->consumer->asked, req->n);
	conn_probe(c);
	return NULL;
}

/* Returns false when the connection was closed. */
static bool conn_parse(struct egd_conn *c, const uint8_t *buf, size_t len)
{
	const char *why = NULL;
	struct egd_request req;
	char text[64];
	int r = 1;

	while (!why && (r = egd_next(&c->parser, &buf, &len, &req)) > 0)
		why = conn_request(c, &req);
	if (r < 0) {
		snprintf(text, sizeof(text), "0x%02x is no EGD command",
			 (unsigned int)*buf);
		why = text;
	}
	if (why)
		egd_conn_close(c, why);
	return !why;
}

/* A peer that only stopped speaking still gets what it asked for. */
static void conn_end(struct egd_conn *c)
{
	c->eof = true;
	event_del(&c->read_ev);
	event_del(&c->push_ev);
	if (egd_conn_is_hung_up(c) || (!conn_owed(c) && !c->pending_count))
		egd_conn_close(c, NULL);
	else
		conn_update(c);
}

static void conn_readable(evutil_socket_t fd, short what, void *arg)
{
	struct egd_conn *c = arg;
	uint8_t buf[EGD_PUB_READ_MAX];
	ssize_t n;

	(void)what;
	egd_state_begin(c, HANDOVER_READING);
	n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		egd_state_end(c);
		return;
	}
	if (n < 0)
		egd_conn_close(c, NULL);
	else if (n == 0)
		conn_end(c);
	else if (conn_parse(c, buf, (size_t)n))
		conn_update(c);
	egd_state_end(c);
	c->env->serve(c->env->ctx);
}

static void conn_writable(evutil_socket_t fd, short what, void *arg)
{
	struct egd_conn *c = arg;

	(void)fd;
	(void)what;
	c->blocked = false;
	egd_state_begin(c, HANDOVER_SENDING);
	if (conn_advance(c))
		egd_conn_close(c, "cannot answer");
	else
		conn_update(c);
	egd_state_end(c);
	c->env->serve(c->env->ctx);
}

static void conn_arm_push(struct egd_conn *c)
{
	unsigned int ms = EGD_PUB_PUSH_MS << c->push_step;
	struct timeval tv = { ms / 1000, (ms % 1000) * 1000 };

	if (c->push_step++ < EGD_PUB_PUSH_STEPS)
		event_add(&c->push_ev, &tv);
}

/*
 * Nothing was asked yet.  A pushed block that is gone answered a request that
 * was lost with an earlier connection; more of them may be waiting.
 */
static void conn_push(evutil_socket_t fd, short what, void *arg)
{
	struct egd_conn *c = arg;
	int unread = 0;

	(void)fd;
	(void)what;
	if (c->push_bytes && ioctl(c->fd, SIOCOUTQ, &unread) < 0)
		return;
	if (unread) {
		conn_arm_push(c);
		return;
	}
	c->delivered = 0;
	c->push_due = c->push_bytes < EGD_PUB_PUSH_MAX;
	conn_update(c);
	c->env->serve(c->env->ctx);
}

void egd_conn_init(struct egd_conn *c, struct egd_conn_env *env,
		   struct consumer *consumer)
{
	memset(c, 0, sizeof(*c));
	c->fd = -1;
	c->env = env;
	c->consumer = consumer;
}

int egd_conn_open(struct egd_conn *c, int fd)
{
	struct egd_conn_env *env = c->env;
	uint64_t logged_us = c->logged_us, closed_us = c->closed_us;
	struct handover_state *record = c->record;
	char id[EGD_CONN_ID_MAX];
	int size = EGD_PUB_SNDBUF;

	egd_conn_init(c, env, c->consumer);
	c->logged_us = logged_us;
	c->closed_us = closed_us;
	c->record = record;
	egd_parser_init(&c->parser);
	/* what lies in the buffer of a peer that does not read is lost to all
	 */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	event_assign(&c->read_ev, env->base, fd, EV_READ | EV_PERSIST,
		     conn_readable, c);
	event_assign(&c->write_ev, env->base, fd, EV_WRITE, conn_writable, c);
	event_assign(&c->push_ev, env->base, -1, 0, conn_push, c);
	if (event_add(&c->read_ev, NULL) < 0) {
		close(fd);
		return -ENOMEM;
	}
	c->consumer->connections = consumer_add(c->consumer->connections, 1);
	egd_conn_id(c, id);
	if (service_open(&c->consumer->service, id) < 0) {
		egd_conn_tell_drbg(c, "no memory is left to lock for its DRBG: "
				      "raise LimitMEMLOCK=");
		event_del(&c->read_ev);
		close(fd);
		return -ENOMEM;
	}
	c->fd = fd;
	c->consumer->connected = true;
	conn_arm_push(c);
	conn_update(c);
	return 0;
}

int egd_conn_resume(struct egd_conn *c, int fd, const struct handover_state *s)
{
	int r = egd_conn_open(c, fd);

	if (r < 0 || !s)
		return r;
	if (!egd_state_load(c, s)) {
		egd_conn_close(c, "the last process ended amid a reply");
		return -EPROTO;
	}
	conn_update(c);
	return 0;
}

void egd_conn_close(struct egd_conn *c, const char *why)
{
	if (c->fd < 0)
		return;
	if (why && egd_conn_may_log(&c->closed_us))
		log_warn("%s %s: peer pid %d closed: %s",
			 consumer_kind_name(c->consumer->kind),
			 c->consumer->name, (int)c->consumer->peer.pid, why);
	event_del(&c->read_ev);
	event_del(&c->write_ev);
	event_del(&c->push_ev);
	close(c->fd);
	c->fd = -1;
	conn_now_end(c);
	c->asked = 0;
	c->delivered = 0;
	c->consumer->connected = false;
	conn_update(c);
	service_close(&c->consumer->service);
	if (c->env->gone)
		c->env->gone(c);
}

bool egd_conn_is_hung_up(const struct egd_conn *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR));
}

static size_t conn_share(const struct egd_conn *c)
{
	uint64_t most = POOL_BLOCK;

	if (c->now_due)
		most = c->pending[c->pending_first].req.n;
	else if (c->classic || c->eof)
		most = conn_owed(c);
	most = service_allows(&c->consumer->service, most);
	return most < POOL_BLOCK ? (size_t)most : POOL_BLOCK;
}

/* What is in env->out: bytes bound to this connection. */
struct portion {
	enum service_supply supply;
	size_t made; /* bytes */
	size_t n;    /* to be sent; the rest is discarded */
};

/* n bytes of the portion reached the socket. */
static void conn_account(struct egd_conn *c, const struct portion *p, size_t n)
{
	struct consumer *s = c->consumer;

	service_account(&s->service, p->supply, n);
	s->delivered = consumer_add(s->delivered, n);
	s->discarded = consumer_add(s->discarded, p->made - n);
	c->env->bytes_sent += n;
	c->env->blocks_sent += n > 0;
	if (c->push_due && n) {
		c->push_due = false;
		c->push_bytes = (uint16_t)(c->push_bytes + n);
		s->pushed = consumer_add(s->pushed, n);
		conn_arm_push(c);
	}
}

/* Sends an answer to EGD_READ_NOW: its count and n bytes. 0 or -EPIPE. */
static int conn_deliver_now(struct egd_conn *c, const struct portion *p)
{
	int r;

	c->env->out[0] = (uint8_t)p->n;
	r = conn_reply(c, c->env->out, p->n + 1);
	/* answered at once, so never part of what this connection is owed */
	if (r == 0)
		c->consumer->asked = consumer_add(c->consumer->asked, p->n);
	conn_now_end(c);
	conn_account(c, p, r ? 0 : p->n);
	if (r == 0)
		pending_pop(c);
	return r == -EPIPE ? r : 0;
}

static int conn_deliver_owed(struct egd_conn *c, const struct portion *p)
{
	ssize_t sent =
		send(c->fd, c->env->out + 1, p->n, MSG_NOSIGNAL | MSG_DONTWAIT);
	int err = sent < 0 ? errno : 0;

	if (sent < (ssize_t)p->n)
		conn_block(c);
	c->delivered += sent < 0 ? 0 : (uint64_t)sent;
	conn_account(c, p, sent < 0 ? 0 : (size_t)sent);
	conn_probe_end(c);
	return err && err != EAGAIN && err != EINTR ? -EPIPE : 0;
}

/* Sends the portion in env->out, wipes it, and sees what comes next. */
static void conn_send(struct egd_conn *c, const struct portion *p)
{
	int r;

	egd_state_begin(c, HANDOVER_SENDING);
	r = c->now_due ? conn_deliver_now(c, p) : conn_deliver_owed(c, p);
	explicit_bzero(c->env->out, 1 + p->made);
	if (r == 0)
		r = conn_advance(c);
	if (r < 0 || (c->eof && !conn_owed(c) && !c->pending_count))
		egd_conn_close(c, NULL);
	else
		conn_update(c);
	egd_state_end(c);
}

static void conn_seed(struct egd_conn *c)
{
	if (service_seed(&c->consumer->service, c->env->out + 1,
			 egd_conn_now_us()) < 0)
		egd_conn_tell_drbg(c, "libcrypto cannot seed its DRBG");
	conn_update(c);
}

void egd_conn_deliver(struct egd_conn *c)
{
	struct portion p = { .supply = SUPPLY_POOL, .made = POOL_BLOCK };

	if (c->fd < 0 || pool_take(c->env->pool, c->env->out + 1, NULL) < 0)
		return;
	if (service_takes_seed(&c->consumer->service)) {
		conn_seed(c);
		return;
	}
	p.n = conn_share(c);
	conn_send(c, &p);
}

void egd_conn_deliver_made(struct egd_conn *c)
{
	struct portion p = { .supply = egd_conn_supply(c) };

	if (c->fd < 0 || !c->light)
		return;
	p.n = conn_share(c);
	p.made = p.n;
	if (service_make(&c->consumer->service, p.supply, c->env->out + 1, p.n,
			 egd_conn_now_us()) < 0) {
		conn_update(c);
		return;
	}
	if (p.supply == SUPPLY_KERNEL)
		egd_conn_tell_kernel(c);
	conn_send(c, &p);
}

void egd_conn_refresh(struct egd_conn *c)
{
	if (!c->env->absent)
		c->kernel_told = false;
	conn_update(c);
}

void egd_conn_decline(struct egd_conn *c)
{
	static const uint8_t none = 0;
	int r;

	conn_now_end(c);
	egd_state_begin(c, HANDOVER_SENDING);
	r = conn_reply(c, &none, 1);
	if (r == 0)
		pending_pop(c);
	if (r != -EPIPE)
		r = conn_advance(c);
	if (r == -EPIPE)
		egd_conn_close(c, NULL);
	else
		conn_update(c);
	egd_state_end(c);
}
