/*
 * tty_keeper.c - the core's side of the process in terminal.h
 *
 * The process may be restarted at any time: what it had is given to it again,
 * what it was asked is asked again.  A master that only it had is closed with
 * its end.
 */
#include "host-agent/tty_keeper.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "common/log.h"
#include "host-agent/barrier.h"

#define ROLE "terminal"

struct tty_kept {
	TAILQ_ENTRY(tty_kept) entry;
	struct tty_keeper *keeper;
	uint64_t token;
	int master; /* -1: closed, of one that is left */
	const struct tty_kept_ops *ops;
	void *ctx;
	bool held;	       /* the process has it */
	enum rawmsg_type what; /* 0: nothing is asked */
	bool sent;	       /* what is asked was */
	bool left;
	struct event answer_ev; /* no answer came; or: asked once more */
	struct event barrier_ev;
	int barrier;  /* -1: none is awaited */
	bool dropped; /* the service manager has it no more */
};

TAILQ_HEAD(tty_kept_list, tty_kept);

struct tty_keeper {
	struct event_base *base;
	struct child child;
	bool has_child;
	bool hung_up; /* it was when last looked at */
	struct tty_kept_list list;
	uint64_t next_token;
	struct event again_ev;
};

static void after_ms(struct event *ev, unsigned int ms)
{
	struct timeval tv = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

	event_add(ev, &tv);
}

static void forget(struct tty_kept *t)
{
	event_del(&t->answer_ev);
	event_del(&t->barrier_ev);
	if (t->barrier >= 0)
		close(t->barrier);
	TAILQ_REMOVE(&t->keeper->list, t, entry);
	free(t);
}

/* False: not now, of the whole list. */
static bool send_ask(struct tty_kept *t)
{
	if (child_ask(&t->keeper->child, t->what, t->token) < 0)
		return false;
	t->sent = true;
	if (!t->left)
		after_ms(&t->answer_ev, TTY_KEEPER_ANSWER_MS);
	return true;
}

static void on_barrier(evutil_socket_t fd, short what, void *arg)
{
	struct tty_kept *t = arg;

	(void)what;
	event_del(&t->barrier_ev);
	close((int)fd);
	t->barrier = -1;
	t->dropped = true;
	event_active(&t->keeper->again_ev, EV_TIMEOUT, 0);
}

/* The service manager is done with what it was told before. */
static void await_manager(struct tty_kept *t)
{
	int fd = barrier_send();

	if (fd == -ENOTCONN) {
		t->dropped = true; /* there is none */
		return;
	}
	if (fd < 0) {
		after_ms(&t->keeper->again_ev, TTY_KEEPER_WAIT_MS);
		return;
	}
	t->barrier = fd;
	event_assign(&t->barrier_ev, t->keeper->base, fd, EV_READ, on_barrier,
		     t);
	event_add(&t->barrier_ev, NULL);
}

/* The process has it, so this is not the last one. */
static void leave_further(struct tty_kept *t)
{
	if (t->master >= 0)
		close(t->master);
	t->master = -1;
	if (!t->dropped && t->barrier < 0)
		await_manager(t);
	if (t->dropped && !t->what)
		t->what = RAWMSG_TTY_CLOSE;
}

/* As far as it gets.  False: the process takes no more now. */
static bool advance(struct tty_kept *t)
{
	if (!t->held &&
	    rawmsg_send_master(t->keeper->child.fd, t->token, t->master) < 0)
		return false;
	t->held = true;
	if (t->left)
		leave_further(t);
	return !t->what || t->sent || send_ask(t);
}

static void on_ended(void *owner, int status);

/*
 * It hung up, or was killed, and has not ended: a thread of it waits.  Its end
 * is reported to nobody; another one serves.
 */
static void abandon(struct tty_keeper *k)
{
	if (!k->child.pid)
		return; /* it is being started */
	if (k->hung_up) {
		child_stop(&k->child);
		on_ended(k, 0);
		return;
	}
	k->hung_up = true;
	after_ms(&k->again_ev, TTY_KEEPER_WAIT_MS);
}

static void advance_all(struct tty_keeper *k)
{
	struct tty_kept *t;

	if (k->child.fd < 0) {
		abandon(k);
		return;
	}
	TAILQ_FOREACH (t, &k->list, entry) {
		if (advance(t))
			continue;
		after_ms(&k->again_ev, TTY_KEEPER_AGAIN_MS);
		return;
	}
}

static void start(struct tty_keeper *k);

/* Its first one, with the first terminal. */
static bool is_to_start(const struct tty_keeper *k)
{
	return k->has_child && !TAILQ_EMPTY(&k->list) && !k->child.pid &&
	       k->child.fd < 0 &&
	       !event_pending(&k->child.start_ev, EV_TIMEOUT, NULL);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	struct tty_keeper *k = arg;

	(void)fd;
	(void)what;
	if (is_to_start(k))
		start(k);
	else
		advance_all(k);
}

static void on_no_answer(evutil_socket_t fd, short what, void *arg)
{
	struct tty_kept *t = arg;

	(void)fd;
	(void)what;
	t->ops->stalled(t->ctx);
}

static struct tty_kept *find(struct tty_keeper *k, uint64_t token)
{
	struct tty_kept *t;

	TAILQ_FOREACH (t, &k->list, entry)
		if (t->token == token)
			break;
	return t;
}

static void answered(struct tty_kept *t, int error)
{
	event_del(&t->answer_ev);
	t->what = 0;
	t->sent = false;
	if (t->left)
		advance_all(t->keeper);
	else
		t->ops->done(t->ctx, error);
}

/* Whatever it says is of one terminal, and of what that was asked. */
static void on_message(void *owner, const struct rawmsg *m)
{
	struct tty_keeper *k = owner;
	struct tty_kept *t;

	if (m->type != RAWMSG_TTY_DONE)
		return;
	child_is_well(&k->child);
	t = find(k, m->seq);
	if (!t || !t->sent || t->what != m->u.done.what)
		return;
	if (t->what == RAWMSG_TTY_CLOSE)
		forget(t);
	else
		answered(t, m->u.done.error);
}

static void start(struct tty_keeper *k)
{
	if (child_start(&k->child, ROLE, NULL) < 0)
		child_restart_later(&k->child);
	else
		event_active(&k->again_ev, EV_TIMEOUT, 0);
}

static void on_ended(void *owner, int status)
{
	struct tty_keeper *k = owner;
	struct tty_kept *t, *next;

	log_err("terminals: their process ended: wait status %#x: started anew",
		(unsigned int)status);
	k->hung_up = false;
	for (t = TAILQ_FIRST(&k->list); t; t = next) {
		next = TAILQ_NEXT(t, entry);
		t->held = false;
		t->sent = false;
		if (t->master < 0)
			forget(t);
	}
	child_restart_later(&k->child);
}

static void on_due(void *owner)
{
	start(owner);
}

static const struct child_ops ops = {
	.message = on_message,
	.ended = on_ended,
	.due = on_due,
};

struct tty_keeper *tty_keeper_new(struct event_base *base,
				  const struct child_env *env)
{
	struct tty_keeper *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	TAILQ_INIT(&k->list);
	k->base = base;
	k->child.fd = -1;
	k->has_child = env != NULL;
	event_assign(&k->again_ev, base, -1, 0, on_again, k);
	if (env)
		child_init(&k->child, env, &ops, k);
	return k;
}

void tty_keeper_adopt(struct tty_keeper *k, const struct child_env *env, int fd)
{
	child_init(&k->child, env, &ops, k);
	child_adopt(&k->child, ROLE, "", 0, fd);
	k->has_child = true;
	advance_all(k);
}

void tty_keeper_free(struct tty_keeper *k)
{
	struct tty_kept *t;
	int fd = -1;

	if (!k)
		return;
	advance_all(k);
	while ((t = TAILQ_FIRST(&k->list))) {
		if (t->master >= 0)
			close(t->master);
		forget(t);
	}
	if (k->has_child)
		(void)child_release(&k->child, &fd);
	if (fd >= 0)
		close(fd);
	event_del(&k->again_ev);
	free(k);
}

struct tty_kept *tty_keeper_add(struct tty_keeper *k, int master,
				const struct tty_kept_ops *ops_of, void *ctx)
{
	struct tty_kept *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->keeper = k;
	t->token = ++k->next_token;
	t->master = master;
	t->barrier = -1;
	t->ops = ops_of;
	t->ctx = ctx;
	event_assign(&t->answer_ev, k->base, -1, 0, on_no_answer, t);
	event_assign(&t->barrier_ev, k->base, -1, 0, on_barrier, t);
	TAILQ_INSERT_TAIL(&k->list, t, entry);
	if (is_to_start(k))
		event_active(&k->again_ev, EV_TIMEOUT, 0);
	else
		advance_all(k);
	return t;
}

void tty_keeper_ask(struct tty_kept *t, enum tty_keeper_ask what)
{
	t->what = what == TTY_ASK_RAW ? RAWMSG_TTY_RAW : RAWMSG_TTY_DISCARD;
	t->sent = false;
	/* it may be that there is no process: that, too, is no answer */
	after_ms(&t->answer_ev, TTY_KEEPER_ANSWER_MS);
	advance_all(t->keeper);
}

void tty_keeper_leave(struct tty_kept *t)
{
	event_del(&t->answer_ev);
	t->left = true;
	if (!t->sent)
		t->what = 0;
	event_active(&t->keeper->again_ev, EV_TIMEOUT, 0);
}

bool tty_keeper_reaped(struct tty_keeper *k, pid_t pid, int status)
{
	return k->has_child && child_reaped(&k->child, pid, status);
}

size_t tty_keeper_left(const struct tty_keeper *k)
{
	const struct tty_kept *t;
	size_t n = 0;

	TAILQ_FOREACH (t, &k->list, entry)
		n += t->left;
	return n;
}
