/*
 * tty_conn_give.c - the last step of a byte to a terminal: bound, written,
 * counted, wiped
 *
 * A terminal's buffer is small, so a write may take part of what is bound to
 * it.  The rest stays bound to it, in locked memory, until there is room or
 * nobody has it open any more.
 */
#include <errno.h>
#include <string.h>

#include "common/log.h"
#include "host-agent/handover_record.h"
#include "host-agent/tty_conn_priv.h"

static void account(struct tty_conn *c, enum service_supply supply, size_t n)
{
	struct consumer *s = c->consumer;

	service_account(&s->service, supply, n);
	s->delivered = consumer_add(s->delivered, n);
	c->env->bytes_sent += n;
	c->env->blocks_sent += (n + POOL_BLOCK - 1) / POOL_BLOCK;
}

void tty_conn_discard(struct tty_conn *c)
{
	c->consumer->discarded =
		consumer_add(c->consumer->discarded, c->rest_len);
	explicit_bzero(c->rest, TTY_CONN_AHEAD);
	c->rest_len = 0;
}

void tty_conn_drained(struct tty_conn *c)
{
	c->window = TTY_CONN_AHEAD;
	c->blind = 0;
	c->late_step = 0;
	event_del(&c->late_ev);
}

static void look_later(struct tty_conn *c)
{
	unsigned int ms = TTY_CONN_LATE_MS << c->late_step;
	struct timeval tv = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

	if (c->late_step < TTY_CONN_LATE_STEPS)
		c->late_step++;
	event_add(&c->late_ev, &tv);
}

/* Of len bytes; what was taken, 0 also when it is hung up. */
static size_t put(struct tty_conn *c, const uint8_t *buf, size_t len)
{
	ssize_t n;

	/* before the write takes this sign for its own */
	if (tty_pty_drained(&c->pty))
		tty_conn_drained(c);
	n = tty_pty_write(&c->pty, buf, len);
	if (n <= 0)
		return 0;
	c->dirty = true;
	c->window -= (size_t)n < c->window ? (size_t)n : c->window;
	c->blind += (size_t)n;
	if (c->window < POOL_BLOCK)
		look_later(c);
	return (size_t)n;
}

/* n bytes in env->out become its own; wipes all that were made. */
static void give(struct tty_conn *c, enum service_supply supply, size_t made,
		 size_t n)
{
	uint8_t *out = c->env->out;
	size_t sent = put(c, out, n);

	account(c, supply, sent);
	c->consumer->discarded = consumer_add(c->consumer->discarded, made - n);
	c->rest_len = n - sent;
	c->rest_supply = supply;
	memcpy(c->rest, out + sent, c->rest_len);
	explicit_bzero(out, made);
	if (c->rest_len)
		look_later(c);
	tty_conn_update(c);
}

/* True: there is none left. */
static bool put_rest(struct tty_conn *c)
{
	size_t sent;

	if (!c->rest_len)
		return true;
	/* a write that cannot be makes a sign of its own, without end */
	if (!tty_pty_has_room(&c->pty)) {
		look_later(c);
		return false;
	}
	sent = put(c, c->rest, c->rest_len);
	account(c, c->rest_supply, sent);
	memmove(c->rest, c->rest + sent, c->rest_len - sent);
	c->rest_len -= sent;
	explicit_bzero(c->rest + c->rest_len, TTY_CONN_AHEAD - c->rest_len);
	return !c->rest_len;
}

/* False: no more of it now. */
static bool put_reply(struct tty_conn *c)
{
	uint8_t packet[VRNG_PACKET];
	size_t n = vrng_reply(&c->vrng, packet), sent;

	if (!n)
		return false;
	if (!bucket_take(&c->replies, (uint32_t)n, 0, c->env->now_us)) {
		look_later(c);
		return false;
	}
	tty_conn_begin(c, HANDOVER_SENDING);
	sent = put(c, packet, n);
	vrng_replied(&c->vrng, sent);
	tty_conn_save(c);
	return sent == n;
}

void tty_conn_pump(struct tty_conn *c)
{
	c->env->now_us = egd_conn_now_us();
	if (c->state == TTY_OPEN && put_rest(c) && !c->plain)
		while (c->window >= VRNG_PACKET && put_reply(c))
			;
	tty_conn_update(c);
}

static void seed(struct tty_conn *c)
{
	if (service_seed(&c->consumer->service, c->env->out, c->env->now_us) <
		    0 &&
	    egd_conn_may_log(&c->told_us))
		log_err("container %s: libcrypto cannot seed its DRBG",
			c->consumer->name);
	tty_conn_update(c);
}

void tty_conn_deliver(struct sink *s)
{
	struct tty_conn *c = (void *)s;

	if (c->state != TTY_OPEN || c->rest_len ||
	    pool_take(c->env->pool, c->env->out, NULL) < 0)
		return;
	if (service_takes_seed(&c->consumer->service))
		seed(c);
	else
		give(c, SUPPLY_POOL, POOL_BLOCK,
		     service_allows(&c->consumer->service, POOL_BLOCK));
}

static size_t batch(struct tty_conn *c, enum service_supply supply)
{
	size_t most = supply == SUPPLY_DRBG ? c->window / POOL_BLOCK : 1;
	size_t blocks = 1;

	while (blocks < most && sched_again(c->consumer->light, c->env->now_us))
		blocks++;
	return blocks;
}

static void tell_kernel(struct tty_conn *c)
{
	if (!c->kernel_told)
		log_warn("container %s: no device serves: gets the kernel's "
			 "bytes",
			 c->consumer->name);
	c->kernel_told = true;
}

size_t tty_conn_deliver_made(struct sink *s)
{
	struct tty_conn *c = (void *)s;
	enum service_supply supply = tty_conn_supply(c);
	size_t blocks, n;

	if (c->state != TTY_OPEN || !c->wants.made || c->rest_len ||
	    c->window < POOL_BLOCK)
		return 1;
	blocks = batch(c, supply);
	n = service_allows(&c->consumer->service, blocks * POOL_BLOCK);
	if (service_make(&c->consumer->service, supply, c->env->out, n,
			 c->env->now_us) < 0) {
		tty_conn_update(c);
		return blocks;
	}
	if (supply == SUPPLY_KERNEL)
		tell_kernel(c);
	give(c, supply, n, n);
	return blocks;
}
