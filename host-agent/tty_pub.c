#include "host-agent/tty_pub.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/log.h"
#include "host-agent/account.h"
#include "host-agent/egd_conn.h"
#include "host-agent/egd_pub.h"
#include "host-agent/handover.h"
#include "host-agent/tty_conn.h"
#include "host-agent/tty_keeper.h"

#define EVENTS_MAX 4096 /* bytes of them read at once */

struct tty_port {
	struct tty_conn conn;
	TAILQ_ENTRY(tty_port) entry;
	struct tty_pub *pub;
	struct consumer consumer;
	struct handover_record *record;
};

TAILQ_HEAD(tty_port_list, tty_port);

struct tty_pub {
	struct event_base *base;
	struct egd_pub *pub;
	struct tty_keeper *keeper;
	struct handover *handover;
	struct tty_port_list ports;
	int watch; /* inotify(7); -1: looked at once a second */
	struct event watch_ev, gap_ev;
};

static void look_all(struct tty_pub *p)
{
	struct tty_port *t;

	TAILQ_FOREACH (t, &p->ports, entry)
		tty_conn_look(&t->conn);
}

static void look_at(struct tty_pub *p, const char *name)
{
	struct tty_port *t;
	unsigned int number;
	char end;

	if (sscanf(name, "%u%c", &number, &end) != 1)
		return;
	TAILQ_FOREACH (t, &p->ports, entry)
		if (t->conn.pty.number == number)
			tty_conn_look(&t->conn);
}

/*
 * Terminals of others are opened, too, and ours over and over by whoever means
 * harm: one read of a bounded size, then a pause in which they gather.  If
 * that loses some, all are looked at.
 */
static void on_watch(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval gap = { .tv_usec = TTY_PUB_GAP_MS * 1000 };
	_Alignas(struct inotify_event) char buf[EVENTS_MAX];
	const struct inotify_event *ev;
	struct tty_pub *p = arg;
	ssize_t n, at;

	(void)what;
	n = read(fd, buf, sizeof(buf));
	for (at = 0; at + (ssize_t)sizeof(*ev) <= n;
	     at += (ssize_t)(sizeof(*ev) + ev->len)) {
		ev = (const void *)(buf + at);
		if (ev->mask & IN_Q_OVERFLOW)
			look_all(p);
		else if (ev->len)
			look_at(p, ev->name);
	}
	event_del(&p->watch_ev);
	event_add(&p->gap_ev, &gap);
}

static void on_gap(evutil_socket_t fd, short what, void *arg)
{
	struct tty_pub *p = arg;

	(void)fd;
	(void)what;
	event_add(&p->watch_ev, NULL);
}

static void start_watch(struct tty_pub *p)
{
	p->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (p->watch < 0 ||
	    inotify_add_watch(p->watch, TTY_PTY_DIR, IN_OPEN) < 0) {
		log_warn("%s: cannot be watched: %s: terminals are looked at "
			 "once a second",
			 TTY_PTY_DIR, strerror(errno));
		return;
	}
	event_assign(&p->watch_ev, p->base, p->watch, EV_READ | EV_PERSIST,
		     on_watch, p);
	event_add(&p->watch_ev, NULL);
}

struct tty_pub *tty_pub_new(struct event_base *base, struct egd_pub *pub,
			    struct tty_keeper *keeper, struct handover *h)
{
	struct tty_pub *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	TAILQ_INIT(&p->ports);
	p->base = base;
	p->pub = pub;
	p->keeper = keeper;
	p->handover = h;
	p->watch = -1;
	event_assign(&p->watch_ev, base, -1, 0, on_watch, p);
	event_assign(&p->gap_ev, base, -1, 0, on_gap, p);
	return p;
}

void tty_pub_free(struct tty_pub *p)
{
	struct tty_port *t;

	if (!p)
		return;
	while ((t = TAILQ_FIRST(&p->ports)))
		tty_pub_remove(p, t);
	event_del(&p->watch_ev);
	event_del(&p->gap_ev);
	if (p->watch >= 0)
		close(p->watch);
	free(p);
}

/* The new pty becomes its own, or is closed: 0 or -errno. */
static int take(struct tty_port *t, const char unit[static VRNG_UNIT],
		struct tty_pty *pty)
{
	struct tty_pub *p = t->pub;
	int r = tty_conn_init(&t->conn, egd_pub_env(p->pub), p->keeper,
			      &t->consumer, pty);

	if (r < 0) {
		tty_pty_close(pty);
		return r;
	}
	vrng_init(&t->conn.vrng, unit);
	t->conn.record = t->record ? &t->record->tty : NULL;
	t->conn.boot_due = true;
	egd_pub_join(p->pub, &t->conn.sink);
	handover_add_listener(p->handover, t->record, pty->master);
	return 0;
}

/* The one that the last process left, or a new one. */
static int find_pty(struct tty_pub *p, const char *key, struct tty_pty *out,
		    struct handover_tty *left, bool *adopted, bool *known)
{
	int fd = handover_take_tty(p->handover, key, left, known);

	*adopted = fd >= 0 && tty_pty_adopt(out, fd) == 0;
	if (*adopted)
		return 0;
	if (fd >= 0) {
		log_warn("hand-over: %s: no terminal: made anew", key);
		close(fd);
	}
	return tty_pty_make(out);
}

static int open_port(struct tty_port *t, const char *key, uint32_t number)
{
	struct handover_tty left;
	char unit[VRNG_UNIT];
	struct tty_pty pty;
	bool adopted, known;
	int r = find_pty(t->pub, key, &pty, &left, &adopted, &known);

	if (r < 0)
		return r;
	t->record = handover_join(t->pub->handover, key);
	account_begin(&t->consumer, t->pub->handover, t->record);
	vrng_unit(unit, number);
	r = take(t, unit, &pty);
	if (r < 0)
		return r;
	if (adopted) {
		tty_conn_resume(&t->conn, known ? &left : NULL);
		account_goes_on(&t->consumer);
		log_info("container %s: taken over: %s/%u%s", t->consumer.name,
			 TTY_PTY_DIR, pty.number,
			 known ? "" : ": state unknown");
	}
	return 0;
}

struct tty_port *tty_pub_add(struct tty_pub *p, const struct consumer *id,
			     const char *key, uint32_t number)
{
	struct tty_port *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return NULL;
	/* before the first terminal, so that no opening is missed */
	if (p->watch < 0)
		start_watch(p);
	t->pub = p;
	t->consumer.kind = CONSUMER_CONTAINER;
	memcpy(t->consumer.name, id->name, sizeof(id->name));
	t->consumer.limits = id->limits;
	t->consumer.service.policy = id->service.policy;
	r = deal_begin(egd_pub_env(p->pub), &t->consumer, &t->conn.sink);
	if (r == 0)
		r = open_port(t, key, number);
	if (r == 0) {
		TAILQ_INSERT_TAIL(&p->ports, t, entry);
		return t;
	}
	handover_leave(p->handover, t->record);
	deal_end(egd_pub_env(p->pub), &t->consumer);
	free(t);
	errno = -r;
	return NULL;
}

void tty_pub_remove(struct tty_pub *p, struct tty_port *t)
{
	tty_conn_free(&t->conn);
	egd_pub_part(p->pub, &t->conn.sink);
	handover_leave(p->handover, t->record);
	deal_end(egd_pub_env(p->pub), &t->consumer);
	TAILQ_REMOVE(&p->ports, t, entry);
	free(t);
}

void tty_pub_set_plain(struct tty_port *t, bool plain)
{
	t->conn.plain = plain;
	t->conn.sink.refresh(&t->conn.sink);
}

int tty_pub_renew(struct tty_port *t)
{
	struct tty_pty pty;
	int r = tty_pty_make(&pty);

	if (r < 0)
		return r;
	r = tty_conn_replace(&t->conn, &pty);
	if (r < 0) {
		tty_pty_close(&pty);
		return r;
	}
	handover_add_listener(t->pub->handover, t->record, pty.master);
	return 0;
}

void tty_pub_power_up(struct tty_port *t)
{
	tty_conn_power_up(&t->conn);
}

void tty_pub_set_limits(struct tty_port *t, const struct sched_limits *lim)
{
	deal_set_limits(&t->consumer, lim);
}

int tty_pub_set_service(struct tty_port *t, const struct service_policy *policy)
{
	return tty_conn_set_service(&t->conn, policy);
}

const struct consumer *tty_pub_consumer(const struct tty_port *t)
{
	return &t->consumer;
}

enum service_supply tty_pub_supply(const struct tty_port *t)
{
	return tty_conn_supply(&t->conn);
}

void tty_pub_node(const struct tty_port *t, char out[static TTY_PTY_NODE_MAX])
{
	tty_pty_node(&t->conn.pty, out);
}

unsigned int tty_pub_number(const struct tty_port *t)
{
	return t->conn.pty.number;
}

bool tty_pub_is_stalled(const struct tty_port *t)
{
	return t->conn.stalled;
}

/* None of its is ever asked anything. */
static const struct tty_kept_ops no_ops;

void tty_pub_close_left(struct tty_pub *p)
{
	struct tty_kept *kept;
	int fd;

	while ((fd = handover_take_left_tty(p->handover)) >= 0) {
		kept = tty_keeper_add(p->keeper, fd, &no_ops, NULL);
		if (kept)
			tty_keeper_leave(kept);
		else
			log_err("hand-over: a terminal of nobody's: %s",
				strerror(errno));
	}
}

void tty_pub_tick(struct tty_pub *p)
{
	struct tty_port *t;

	TAILQ_FOREACH (t, &p->ports, entry) {
		service_tick(&t->consumer.service);
		t->conn.sink.refresh(&t->conn.sink);
		if (p->watch < 0)
			tty_conn_look(&t->conn);
	}
}
