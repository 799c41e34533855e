/*
 * tty_conn_wipe.c - between two that have a container's terminal open: what the
 * first one left unread is discarded, his settings are undone
 *
 *   DISCARD --it can be--> ECHO --it was, or there is no telling--> RAW --> CLOSED
 *
 * DISCARD and RAW are asked of the keeper, and last as long as somebody holds
 * the terminal.  Nothing is written meanwhile but the character that discards.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "host-agent/tty_conn_priv.h"
#include "host-agent/tty_keeper.h"

static void wipe_later(struct tty_conn *c)
{
	const struct timeval tv = { .tv_usec = 1000 };

	event_add(&c->wipe_ev, &tv);
}

void tty_conn_discard_unread(struct tty_conn *c)
{
	c->inherited = false;
	c->state = TTY_WIPING;
	c->step = TTY_STEP_DISCARD;
	tty_keeper_ask(c->kept, TTY_ASK_DISCARD);
}

void tty_conn_make_raw(struct tty_conn *c)
{
	c->state = TTY_WIPING;
	c->step = TTY_STEP_RAW;
	tty_keeper_ask(c->kept, TTY_ASK_RAW);
}

static void wait_for_echo(struct tty_conn *c)
{
	if (tty_pty_wipe(&c->pty) < 0) {
		tty_conn_make_raw(c);
		return;
	}
	c->step = TTY_STEP_ECHO;
	c->wipe_tries = 0;
	wipe_later(c);
}

/* The terminal's own echo says that it is done; commands may be around it. */
static void on_wipe(evutil_socket_t fd, short what, void *arg)
{
	struct tty_conn *c = arg;
	uint8_t buf[TTY_CONN_READ_MAX];
	ssize_t n = read(c->pty.master, buf, sizeof(buf));
	bool wiped = n > 0 && tty_pty_is_wiped(buf, (size_t)n);

	(void)fd;
	(void)what;
	if (n > 0)
		tty_conn_take_input(c, buf, (size_t)n);
	explicit_bzero(buf, sizeof(buf));
	if (!wiped && ++c->wipe_tries < TTY_CONN_WIPE_TRIES)
		wipe_later(c);
	else
		tty_conn_make_raw(c);
}

static void tell_released(struct tty_conn *c)
{
	if (c->stalled && c->stalled_told)
		log_info("container %s: its terminal is let go of: it is "
			 "served again",
			 c->consumer->name);
	c->stalled = false;
}

static void on_done(void *ctx)
{
	struct tty_conn *c = ctx;
	bool came = c->look_due;

	tell_released(c);
	if (c->step == TTY_STEP_DISCARD) {
		wait_for_echo(c);
		return;
	}
	c->state = TTY_CLOSED;
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

void tty_conn_wipe_init(struct tty_conn *c)
{
	event_assign(&c->wipe_ev, c->env->base, -1, 0, on_wipe, c);
}

void tty_conn_wipe_end(struct tty_conn *c)
{
	event_del(&c->wipe_ev);
	tell_released(c);
	c->look_due = false;
	tty_keeper_leave(c->kept);
	c->kept = NULL;
	tty_pty_leave(&c->pty);
}
