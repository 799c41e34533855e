/*
 * egd_conn_ask.c - what a peer asks, and answers that hold no entropy
 */
#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host-agent/egd_conn_priv.h"

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

int egd_conn_reply(struct egd_conn *c, const uint8_t *reply, size_t len)
{
	ssize_t n = send(c->fd, reply, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n == (ssize_t)len)
		return 0;
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		egd_conn_block(c);
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
	return egd_conn_reply(c, reply, sizeof(reply));
}

static int conn_reply_pid(struct egd_conn *c)
{
	char reply[16];
	int len = snprintf(reply + 1, sizeof(reply) - 1, "%d", (int)getpid());

	reply[0] = (char)len;
	return egd_conn_reply(c, (const uint8_t *)reply, (size_t)len + 1);
}

void egd_conn_now_end(struct egd_conn *c)
{
	if (!c->now_due)
		return;
	c->now_due = false;
	TAILQ_REMOVE(&c->env->now, c, now_entry);
}

void egd_conn_pop(struct egd_conn *c)
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
		return egd_conn_reply(c, &none, 1);
	c->now_due = true;
	TAILQ_INSERT_TAIL(&c->env->now, c, now_entry);
	return -EAGAIN;
}

int egd_conn_advance(struct egd_conn *c)
{
	int r = 0;

	while (c->pending_count && !c->blocked && !c->now_due && !r &&
	       c->delivered >= c->pending[c->pending_first].at) {
		r = conn_reply_first(c);
		if (r == 0)
			egd_conn_pop(c);
	}
	return r == -EPIPE ? r : 0;
}

/* A reason to close, or NULL. */
static const char *conn_queue(struct egd_conn *c, const struct egd_request *req)
{
	size_t slot;

	if (c->surplus || c->delivered > c->asked)
		return "classic command behind bytes given ahead";
	if (c->pending_count == EGD_PUB_PENDING_MAX)
		return "too many commands wait for an answer";
	slot = (c->pending_first + c->pending_count) % EGD_PUB_PENDING_MAX;
	c->pending[slot].req = *req;
	c->pending[slot].at = c->asked;
	c->pending_count++;
	c->classic = true;
	return egd_conn_advance(c) ? "cannot answer" : NULL;
}

/*
 * How much of the last block that was pushed went to a request that was lost is
 * not known: what is left of it cannot be counted as given ahead, or a size
 * that is no multiple of a block would be served short for ever.
 */
static bool conn_lost_some(const struct egd_conn *c)
{
	int unread = 0;

	if (!c->push_bytes)
		return false;
	return c->resumed || c->push_bytes > POOL_BLOCK ||
	       (ioctl(c->fd, SIOCOUTQ, &unread) == 0 && !unread);
}

static void conn_first_request(struct egd_conn *c,
			       const struct egd_request *req)
{
	event_del(&c->push_ev);
	if (req->op != EGD_READ || !conn_lost_some(c))
		return;
	c->surplus = c->delivered > 0;
	c->delivered = 0;
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
		conn_first_request(c, req);
	c->requested = true;
	c->push_due = false;
	if (req->op != EGD_READ)
		return conn_queue(c, req);
	c->asked = consumer_add(c->asked, req->n);
	c->consumer->asked = consumer_add(c->consumer->asked, req->n);
	conn_probe(c);
	return NULL;
}

bool egd_conn_parse(struct egd_conn *c, const uint8_t *buf, size_t len)
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
