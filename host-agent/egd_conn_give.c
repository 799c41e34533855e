/*
 * egd_conn_give.c - the last step of a byte: bound, sent, counted, wiped
 *
 * What is in env->out belongs to one connection.  What its socket takes is
 * delivered, the rest discarded; either way it is wiped before this returns.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "host-agent/egd_conn_priv.h"
#include "host-agent/egd_state.h"

static void conn_probe_end(struct egd_conn *c)
{
	if (!c->probing || c->delivered < c->probe_target)
		return;
	c->probing = false;
	latency_add(&c->consumer->latency, egd_conn_now_us() - c->probe_us);
}

/* Bytes that its peer would take now. */
static uint64_t conn_open_bytes(const struct egd_conn *c)
{
	if (c->now_due)
		return c->pending[c->pending_first].req.n;
	if (c->classic || c->eof)
		return egd_conn_owed(c);
	/* whole blocks; the last one is ahead, in part or as a whole */
	return (egd_conn_owed(c) / POOL_BLOCK + 1) * POOL_BLOCK;
}

/* How much of so many blocks is sent to it. */
static size_t conn_share(const struct egd_conn *c, size_t blocks)
{
	uint64_t most = conn_open_bytes(c);

	most = service_allows(&c->consumer->service, most);
	return most < blocks * POOL_BLOCK ? (size_t)most : blocks * POOL_BLOCK;
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
	c->env->blocks_sent += (n + POOL_BLOCK - 1) / POOL_BLOCK;
	if (c->push_due && n) {
		c->push_due = false;
		c->push_bytes = (uint16_t)(c->push_bytes + n);
		s->pushed = consumer_add(s->pushed, n);
		egd_conn_arm_push(c);
	}
}

/* Sends an answer to EGD_READ_NOW: its count and n bytes. 0 or -EPIPE. */
static int conn_deliver_now(struct egd_conn *c, const struct portion *p)
{
	int r;

	c->env->out[0] = (uint8_t)p->n;
	r = egd_conn_reply(c, c->env->out, p->n + 1);
	/* answered at once, so never part of what this connection is owed */
	if (r == 0)
		c->consumer->asked = consumer_add(c->consumer->asked, p->n);
	egd_conn_now_end(c);
	conn_account(c, p, r ? 0 : p->n);
	if (r == 0)
		egd_conn_pop(c);
	return r == -EPIPE ? r : 0;
}

static int conn_deliver_owed(struct egd_conn *c, const struct portion *p)
{
	ssize_t sent =
		send(c->fd, c->env->out + 1, p->n, MSG_NOSIGNAL | MSG_DONTWAIT);
	int err = sent < 0 ? errno : 0;

	if (sent < (ssize_t)p->n)
		egd_conn_block(c);
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
		r = egd_conn_advance(c);
	if (r < 0 || (c->eof && !egd_conn_owed(c) && !c->pending_count))
		egd_conn_close(c, NULL);
	else
		egd_conn_update(c);
	egd_state_end(c);
}

static void conn_seed(struct egd_conn *c)
{
	if (service_seed(&c->consumer->service, c->env->out + 1,
			 c->env->now_us) < 0)
		egd_conn_tell_drbg(c, "libcrypto cannot seed its DRBG");
	egd_conn_update(c);
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
	p.n = conn_share(c, 1);
	conn_send(c, &p);
}

/*
 * A call of send() costs more than a batch of blocks: a peer that has many of
 * them open gets them by one.  Of the kernel, which a signal interrupts when it
 * is asked for much, one.
 */
static size_t conn_batch(struct egd_conn *c, enum service_supply supply)
{
	size_t most = supply == SUPPLY_DRBG ? EGD_PUB_BATCH : 1;
	uint64_t open_bytes = conn_open_bytes(c);
	size_t blocks = 1;

	while (blocks < most && blocks * POOL_BLOCK < open_bytes &&
	       sched_again(c->consumer->light, c->env->now_us))
		blocks++;
	return blocks;
}

size_t egd_conn_deliver_made(struct egd_conn *c)
{
	struct portion p = { .supply = egd_conn_supply(c) };
	size_t blocks;

	if (c->fd < 0 || !c->wants.made)
		return 1;
	blocks = conn_batch(c, p.supply);
	p.n = conn_share(c, blocks);
	p.made = p.n;
	if (service_make(&c->consumer->service, p.supply, c->env->out + 1, p.n,
			 c->env->now_us) < 0) {
		egd_conn_update(c);
		return blocks;
	}
	if (p.supply == SUPPLY_KERNEL)
		egd_conn_tell_kernel(c);
	conn_send(c, &p);
	return blocks;
}

void egd_conn_decline(struct egd_conn *c)
{
	static const uint8_t none = 0;
	int r;

	egd_conn_now_end(c);
	egd_state_begin(c, HANDOVER_SENDING);
	r = egd_conn_reply(c, &none, 1);
	if (r == 0)
		egd_conn_pop(c);
	if (r != -EPIPE)
		r = egd_conn_advance(c);
	if (r == -EPIPE)
		egd_conn_close(c, NULL);
	else
		egd_conn_update(c);
	egd_state_end(c);
}
