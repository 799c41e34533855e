/*
 * terminal.c - the process that does with containers' terminals what whoever
 * has a slave can make wait without end
 *
 * tcsetattr(3) and tcgetattr(3) of a master take a lock of its slave's that a
 * read(2) of the slave keeps while it copies, and the last close(2) of a master
 * takes another; a reader whose memory is a file of his own making (FUSE) keeps
 * both as long as he likes, and whoever waits for them cannot be killed.
 *
 * A terminal has at most one thread, and there are TERMINAL_BUSY_MAX of them;
 * one that is done takes the next terminal that something is to be done with.
 */
#include "host-agent/terminal.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <termios.h>
#include <unistd.h>

#include "common/log.h"
#include "host-agent/lockdown.h"
#include "host-agent/rawmsg.h"
#include "host-agent/role.h"
#include "host-agent/tty_pty.h"

#define STACK_BYTES 65536

/* All below lock, but fd, which only its thread closes. */
struct slot {
	TAILQ_ENTRY(slot) entry;
	uint64_t token;
	int fd;
	bool busy;	       /* a thread is at it */
	bool close;	       /* after what is asked */
	enum rawmsg_type what; /* 0: nothing is asked */
};

TAILQ_HEAD(slots, slot);

struct terminal {
	int fd;
	pthread_mutex_t lock;
	pthread_attr_t attr;
	struct slots slots;
	unsigned int threads;
	int64_t done_ms; /* when a thread was last done with something */
	bool full;	 /* as was logged */
};

static struct slot *find(struct terminal *t, uint64_t token)
{
	struct slot *s;

	TAILQ_FOREACH (s, &t->slots, entry)
		if (s->token == token)
			break;
	return s;
}

/* What is to be done with it next; 0: nothing, or it is being done. */
static enum rawmsg_type next_of(const struct slot *s)
{
	if (s->busy)
		return 0;
	if (s->what)
		return s->what;
	return s->close ? RAWMSG_TTY_CLOSE : 0;
}

/* In that order: whoever comes next gets nothing before it is raw. */
static int discard(int master)
{
	int discarded = tty_pty_discard(master);
	int raw = tty_pty_set_raw(master);

	return discarded < 0 ? discarded : raw;
}

static int do_one(struct slot *s, enum rawmsg_type what)
{
	if (what == RAWMSG_TTY_RAW)
		return tty_pty_set_raw(s->fd);
	if (what == RAWMSG_TTY_DISCARD)
		return discard(s->fd);
	close(s->fd);
	return 0;
}

static void answer(struct terminal *t, uint64_t token, enum rawmsg_type what,
		   int error)
{
	struct rawmsg_done done = { .what = what, .error = error };

	(void)rawmsg_send(t->fd, RAWMSG_TTY_DONE, token, &done, sizeof(done));
}

static struct slot *next_slot(struct terminal *t)
{
	struct slot *s;

	TAILQ_FOREACH (s, &t->slots, entry)
		if (next_of(s))
			break;
	return s;
}

static void forget(struct terminal *t, struct slot *s)
{
	TAILQ_REMOVE(&t->slots, s, entry);
	free(s);
}

/* Locked before and after, not while it is done. */
static void serve_slot(struct terminal *t, struct slot *s)
{
	enum rawmsg_type what = next_of(s);
	uint64_t token = s->token;
	int r;

	s->what = 0;
	s->busy = true;
	pthread_mutex_unlock(&t->lock);
	r = do_one(s, what);
	pthread_mutex_lock(&t->lock);
	s->busy = false;
	t->done_ms = role_now_ms();
	if (what == RAWMSG_TTY_CLOSE)
		forget(t, s);
	answer(t, token, what, r);
}

static void *work(void *arg)
{
	struct terminal *t = arg;
	struct slot *s;

	pthread_mutex_lock(&t->lock);
	while ((s = next_slot(t)))
		serve_slot(t, s);
	t->threads--;
	t->full = false;
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

/* A busy one gets done with some every moment. */
static bool is_held_up(const struct terminal *t)
{
	return role_now_ms() - t->done_ms > TERMINAL_HELD_MS;
}

static void say_full(struct terminal *t, const char *why)
{
	if (!is_held_up(t))
		return;
	if (!t->full)
		log_err("terminals: %u are held by those who have them open: "
			"no more can be served: %s",
			t->threads, why);
	t->full = true;
}

/* Locked.  Whoever cannot be served is by the next thread that is done. */
static void start_thread(struct terminal *t)
{
	pthread_t thread;
	int r;

	if (!t->threads)
		t->done_ms = role_now_ms();
	if (t->threads == TERMINAL_BUSY_MAX) {
		say_full(t, "stop those containers");
		return;
	}
	r = pthread_create(&thread, &t->attr, work, t);
	if (r)
		say_full(t, strerror(r));
	else
		t->threads++;
}

static void hold(struct terminal *t, uint64_t token, int fd)
{
	struct slot *s = calloc(1, sizeof(*s));

	if (!s) {
		/* what it is asked of it is never answered */
		log_err("terminals: no memory");
		close(fd);
		return;
	}
	s->token = token;
	s->fd = fd;
	TAILQ_INSERT_TAIL(&t->slots, s, entry);
}

static void ask(struct terminal *t, uint64_t token, enum rawmsg_type what)
{
	struct slot *s = find(t, token);

	if (!s)
		return;
	if (what == RAWMSG_TTY_CLOSE)
		s->close = true;
	else
		s->what = what;
	if (next_of(s))
		start_thread(t);
}

static void obey(struct terminal *t, const struct rawmsg *m)
{
	pthread_mutex_lock(&t->lock);
	if (m->type == RAWMSG_TTY_HOLD)
		hold(t, m->seq, m->fd);
	else
		ask(t, m->seq, m->type);
	pthread_mutex_unlock(&t->lock);
}

/* Each by itself, as far as threads go: one that waits is in nobody's way. */
static void close_all(struct terminal *t)
{
	struct slot *s;

	pthread_mutex_lock(&t->lock);
	TAILQ_FOREACH (s, &t->slots, entry) {
		s->close = true;
		if (t->threads < TERMINAL_BUSY_MAX && next_of(s))
			start_thread(t);
	}
	pthread_mutex_unlock(&t->lock);
}

static bool is_idle(struct terminal *t)
{
	bool idle;

	pthread_mutex_lock(&t->lock);
	idle = !t->threads;
	pthread_mutex_unlock(&t->lock);
	return idle;
}

static void end(struct terminal *t, unsigned int linger_s)
{
	unsigned int ms;

	if (!TAILQ_EMPTY(&t->slots))
		while (linger_s)
			linger_s = sleep(linger_s);
	close_all(t);
	for (ms = 0; ms < TERMINAL_CLOSE_MS && !is_idle(t); ms++)
		usleep(1000);
}

void terminal_serve(int fd, unsigned int linger_s)
{
	/* for as long as a thread waits, which may be longer than this runs */
	static struct terminal t;
	static struct rawmsg m;

	t.fd = fd;
	TAILQ_INIT(&t.slots);
	pthread_mutex_init(&t.lock, NULL);
	pthread_attr_init(&t.attr);
	pthread_attr_setdetachstate(&t.attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&t.attr, STACK_BYTES);
	while (rawmsg_recv(fd, &m) > 0)
		obey(&t, &m);
	end(&t, linger_s);
}

/*
 * SIGTERM, which role_enter() blocks, ends it not: it comes to all processes of
 * a service, and this one is to be the last.
 */
int terminal_main(enum sandbox_mode sandbox)
{
	bool manager = getenv("NOTIFY_SOCKET") != NULL;

	if (role_enter() < 0 || lockdown_terminal(sandbox) < 0)
		return 1;
	terminal_serve(RAWMSG_FD, manager ? TERMINAL_LINGER_S : 0);
	return 0;
}
