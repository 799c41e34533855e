/*
 * tty_conn_wipe.c - between two that have a container's terminal open: what the
 * first one left unread is discarded, his settings are undone
 *
 * Both are asked of the keeper, and last as long as somebody holds the terminal.
 * Nothing is written meanwhile.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "host-agent/tty_conn_priv.h"
#include "host-agent/tty_keeper.h"

void tty_conn_discard_unread(struct tty_conn *c)
{
	c->inherited = false;
	c->state = TTY_WIPING;
	tty_keeper_ask(c->kept, TTY_ASK_DISCARD);
}

void tty_conn_make_raw(struct tty_conn *c)
{
	c->state = TTY_WIPING;
	tty_keeper_ask(c->kept, TTY_ASK_RAW);
}

static void tell_released(struct tty_conn *c)
{
	if (c->stalled && c->stalled_told)
		log_info("container %s: its terminal is let go of: it is "
			 "served again",
			 c->consumer->name);
	c->stalled = false;
}

static void tell_unclean(struct tty_conn *c, int error)
{
	const char *why = error == -EBUSY ? "who had it keeps it to himself "
					    "(TIOCEXCL)"
					  : strerror(-error);

	if (egd_conn_may_log(&c->unclean_us))
		log_warn("container %s: what was left unread in its terminal "
			 "is not discarded: %s",
			 c->consumer->name, why);
}

static void on_done(void *ctx, int error)
{
	struct tty_conn *c = ctx;
	bool came = c->look_due;

	tell_released(c);
	if (error < 0)
		tell_unclean(c, error);
	tty_conn_set_closed(c);
	c->look_due = false;
	tty_conn_look_again(c, came);
}

static void on_stalled(void *ctx)
{
	struct tty_conn *c = ctx;

	c->stalled = true;
	c->stalled_told = egd_conn_may_log(&c->stalled_us);
	if (c->stalled_told)
		log_err("container %s: its terminal is held by who has it "
			"open: it gets nothing until that ends, or the "
			"container starts anew",
			c->consumer->name);
}

static const struct tty_kept_ops ops = {
	.done = on_done,
	.stalled = on_stalled,
};

struct tty_kept *tty_conn_keep(struct tty_conn *c, const struct tty_pty *pty)
{
	return tty_keeper_add(c->keeper, pty->master, &ops, c);
}

void tty_conn_wipe_end(struct tty_conn *c)
{
	tell_released(c);
	c->look_due = false;
	tty_keeper_leave(c->kept);
	c->kept = NULL;
	tty_pty_leave(&c->pty);
}
