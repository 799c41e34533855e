/*
 * egd_pub_serve.c - turns: who is given what, and when others are heard
 *
 * Blocks of the pool go out as they come, EGD_PUB_SERVE_MAX at once; what is
 * made as it is given goes out in turns of EGD_PUB_LIGHT_MAX blocks, one for
 * each round of the loop.
 */
#include "host-agent/egd_pub_priv.h"

uint64_t egd_pub_now_us(struct egd_pub *p)
{
	p->env.now_us = egd_conn_now_us();
	return p->env.now_us;
}

/* Time during which somebody was owed bytes and there were none. */
static void note_starvation(struct egd_pub *p)
{
	bool starving = p->env.owing && pool_blocks(p->env.pool) == 0;
	uint64_t now;

	if (starving == (p->starving_since_us != 0))
		return;
	now = egd_conn_now_us();
	if (starving) {
		p->starvations++;
		p->starving_since_us = now;
	} else {
		p->starved_us += now - p->starving_since_us;
		p->starving_since_us = 0;
	}
}

/* Goes on after delay_us, when others had their turn. */
static void serve_later(struct egd_pub *p, uint64_t delay_us)
{
	struct timeval tv = { (time_t)(delay_us / 1000000),
			      (suseconds_t)(delay_us % 1000000) };

	event_add(&p->serve_ev, &tv);
}

/* Those who want an answer at once and have not got one. */
static void decline(struct egd_pub *p, bool light)
{
	struct egd_conn *c = TAILQ_FIRST(&p->env.now);

	while (c) {
		if (c->wants.made != light) {
			c = TAILQ_NEXT(c, now_entry);
			continue;
		}
		egd_conn_decline(c);
		c = TAILQ_FIRST(&p->env.now);
	}
}

/* The pool's rest is used up: whose policy says so turns to the kernel. */
static void note_dry(struct egd_pub *p)
{
	bool dry = p->env.absent && pool_blocks(p->env.pool) == 0;

	if (dry == p->env.dry)
		return;
	p->env.dry = dry;
	egd_pub_refresh_all(p);
}

static void serve_pool(struct egd_pub *p)
{
	struct sink *s;
	uint64_t now;
	int64_t wait_us;
	int i;

	for (i = 0; i < EGD_PUB_SERVE_MAX && pool_blocks(p->env.pool); i++) {
		now = egd_pub_now_us(p);
		s = sched_next(p->env.sched, now);
		if (!s) {
			wait_us = sched_wait_us(p->env.sched, now);
			if (wait_us >= 0)
				serve_later(p, (uint64_t)wait_us);
			break;
		}
		s->deliver(s);
	}
	note_starvation(p);
	note_dry(p);
	p->served(p->served_ctx);
	if (i == EGD_PUB_SERVE_MAX)
		serve_later(p, 0);
	else
		decline(p, false);
}

static void light_later(struct egd_pub *p, uint64_t delay_us)
{
	struct timeval tv = { (time_t)(delay_us / 1000000),
			      (suseconds_t)(delay_us % 1000000) };

	if (p->light_due)
		return;
	p->light_due = delay_us == 0;
	event_add(&p->light_ev, &tv);
}

/*
 * What is made as it is given has no end, unlike the pool: one turn for each
 * round of the loop, in which every peer is read too.
 */
static void serve_light(struct egd_pub *p)
{
	struct sink *s;
	uint64_t now;
	int64_t wait_us;
	size_t given = 0;

	while (given < EGD_PUB_LIGHT_MAX) {
		now = egd_pub_now_us(p);
		s = sched_next(p->env.light, now);
		if (!s) {
			wait_us = sched_wait_us(p->env.light, now);
			if (wait_us >= 0)
				light_later(p, (uint64_t)wait_us);
			decline(p, true);
			return;
		}
		given += s->deliver_made(s);
	}
	light_later(p, 0);
}

static void light_event(evutil_socket_t fd, short what, void *arg)
{
	struct egd_pub *p = arg;

	(void)fd;
	(void)what;
	p->light_due = false;
	serve_light(p);
	if (p->env.wanting)
		serve_pool(p);
}

void egd_pub_serve(struct egd_pub *p)
{
	serve_pool(p);
	if (p->env.light_wanting)
		light_later(p, 0);
}

static void serve_event(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	egd_pub_serve(arg);
}

static void serve_from_conn(void *ctx)
{
	egd_pub_serve(ctx);
}

void egd_pub_init_turns(struct egd_pub *p)
{
	p->env.serve = serve_from_conn;
	p->env.ctx = p;
	egd_pub_now_us(p);
	event_assign(&p->serve_ev, p->env.base, -1, 0, serve_event, p);
	event_assign(&p->light_ev, p->env.base, -1, 0, light_event, p);
}

void egd_pub_stats(const struct egd_pub *p, struct egd_pub_stats *out)
{
	out->blocks_sent = p->env.blocks_sent;
	out->bytes_sent = p->env.bytes_sent;
	out->starvations = p->starvations;
	out->starved_us = p->starved_us;
	if (p->starving_since_us)
		out->starved_us += egd_conn_now_us() - p->starving_since_us;
	out->wanting = p->env.wanting;
}
