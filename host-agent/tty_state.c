/*
 * tty_state.c - keeps the record of a terminal as its connection is, and back
 */
#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#include "host-agent/account.h"
#include "host-agent/handover_record.h"
#include "host-agent/tty_conn_priv.h"

static_assert(TTY_WIPING + 1 == HANDOVER_TTY_PHASES, "fits a record");

/* The compiler keeps the order, and nothing else has to (egd_state.c). */
void tty_conn_begin(struct tty_conn *c, int activity)
{
	if (!c->record)
		return;
	atomic_signal_fence(memory_order_seq_cst);
	c->record->activity = (uint8_t)activity;
	atomic_signal_fence(memory_order_seq_cst);
}

static uint32_t seed_bytes(const struct tty_conn *c)
{
	uint64_t bytes = c->consumer->service.process_bytes;

	return bytes < SERVICE_SEED_BYTES ? (uint32_t)bytes
					  : SERVICE_SEED_BYTES;
}

void tty_conn_save(struct tty_conn *c)
{
	const struct vrng *v = &c->vrng;
	struct handover_tty *r = c->record;

	if (!r)
		return;
	tty_conn_begin(c, HANDOVER_READING);
	r->phase = (uint8_t)c->state;
	r->paused = v->paused;
	r->mode = v->mode;
	r->parser = v->parser;
	r->skip = v->skip;
	r->armed = v->armed;
	r->reply = v->reply;
	r->reply_at = v->reply_at;
	r->process_bytes = seed_bytes(c);
	account_save(c->consumer);
	tty_conn_begin(c, HANDOVER_IDLE);
}

static void load(struct tty_conn *c, const struct handover_tty *left)
{
	struct vrng v = c->vrng;

	v.paused = left->paused;
	v.mode = left->mode;
	v.parser = left->parser;
	v.skip = left->skip;
	v.armed = left->armed;
	v.reply = left->reply;
	v.reply_at = left->reply_at;
	/* how much of a reply went out is not known, or nothing is */
	if (left->activity != HANDOVER_IDLE)
		vrng_close(&v);
	if (vrng_is_valid(&v))
		c->vrng = v;
	c->consumer->service.process_bytes = left->process_bytes;
}

/* What the last process wrote may wait unread, of whoever had it open. */
void tty_conn_resume(struct tty_conn *c, const struct handover_tty *left)
{
	bool open = tty_pty_is_open(&c->pty);

	c->boot_due = false;
	c->inherited = true;
	if (left)
		load(c, left);
	if (left &&
	    (left->phase == TTY_CLOSED || (left->phase == TTY_OPEN && open)))
		tty_conn_look(c);
	else if (!left && open)
		/* whoever has it has his bytes; and settings, perhaps of ours */
		tty_conn_make_raw(c);
	else
		tty_conn_discard_unread(c);
	tty_conn_save(c);
}
