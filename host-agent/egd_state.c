/*
 * egd_state.c - keeps the record of a peer as its connection is, and back
 *
 * The record is shared memory: a killed process leaves the last one it wrote.
 * Every store is to memory that nobody reads while this process lives, so all
 * that matters is their order: the activity is stored before what it stands
 * for happens, and cleared after it was counted.
 */
#include "host-agent/egd_state.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#include "host-agent/account.h"

static_assert(EGD_PUB_PENDING_MAX == HANDOVER_PENDING_MAX, "fits a record");
static_assert(POOL_BLOCK == HANDOVER_AHEAD_MAX, "one block ahead");
static_assert(SERVICE_SEED_BYTES == HANDOVER_SEED_MAX, "fits a record");
static_assert(EGD_PUB_PUSH_MAX + POOL_BLOCK <= HANDOVER_PUSH_MAX, "fits");

static void set_activity(struct egd_conn *c, enum handover_activity activity)
{
	/* signal fences: the compiler keeps the order, and nothing else has to
	 */
	atomic_signal_fence(memory_order_seq_cst);
	c->record->activity = (uint8_t)activity;
	atomic_signal_fence(memory_order_seq_cst);
}

void egd_state_begin(struct egd_conn *c, enum handover_activity activity)
{
	if (c->record)
		set_activity(c, activity);
}

static void save_pending(const struct egd_conn *c, struct handover_state *s)
{
	const struct egd_pending *p;
	size_t i;

	s->pending_count = c->pending_count;
	for (i = 0; i < c->pending_count; i++) {
		p = &c->pending[(c->pending_first + i) % EGD_PUB_PENDING_MAX];
		s->pending[i].op = (uint8_t)p->req.op;
		s->pending[i].n = p->req.n;
		s->pending[i].at = p->at;
	}
}

static uint32_t seed_bytes(const struct egd_conn *c)
{
	uint64_t bytes = c->consumer->service.process_bytes;

	return bytes < SERVICE_SEED_BYTES ? (uint32_t)bytes
					  : SERVICE_SEED_BYTES;
}

static void copy_out(const struct egd_conn *c, struct handover_state *s)
{
	s->asked = c->asked;
	s->delivered = c->delivered;
	s->requested = c->requested;
	s->classic = c->classic;
	memcpy(s->head, c->parser.head, sizeof(s->head));
	s->have = c->parser.have;
	s->skip = c->parser.skip;
	s->push_bytes = c->push_bytes;
	s->process_bytes = seed_bytes(c);
	save_pending(c, s);
}

void egd_state_end(struct egd_conn *c)
{
	if (!c->record)
		return;
	copy_out(c, c->record);
	account_save(c->consumer);
	set_activity(c, HANDOVER_IDLE);
}

/* A record that is torn says so: several fields change together. */
void egd_state_save(struct egd_conn *c)
{
	if (!c->record || c->record->activity != HANDOVER_IDLE)
		return;
	set_activity(c, HANDOVER_READING);
	egd_state_end(c);
}

static void load_pending(struct egd_conn *c, const struct handover_state *s)
{
	size_t i;

	for (i = 0; i < s->pending_count; i++) {
		c->pending[i].req.op = (enum egd_op)s->pending[i].op;
		c->pending[i].req.n = s->pending[i].n;
		c->pending[i].at = s->pending[i].at;
	}
	c->pending_first = 0;
	c->pending_count = s->pending_count;
}

bool egd_state_load(struct egd_conn *c, const struct handover_state *s)
{
	if (s->activity != HANDOVER_IDLE && s->classic)
		return false;
	c->consumer->service.process_bytes = s->process_bytes;
	memcpy(c->parser.head, s->head, sizeof(c->parser.head));
	c->parser.have = s->have;
	c->parser.skip = s->skip;
	/* as after a new connection: what was lost is pushed */
	if (s->activity == HANDOVER_READING && s->asked <= s->delivered)
		return true;
	c->asked = s->asked;
	c->delivered = s->delivered;
	c->requested = s->requested;
	c->classic = s->classic;
	c->push_bytes = s->push_bytes;
	load_pending(c, s);
	if (c->requested)
		event_del(&c->push_ev);
	/* answers that are due are given once the socket has room */
	c->blocked = true;
	event_add(&c->write_ev, NULL);
	return true;
}
