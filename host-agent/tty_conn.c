/*
 * tty_conn.c - one container's terminal: its life
 *
 * Who has it open is seen from the master alone (tty_pty.h), and whoever has
 * can do to it what they like: all that comes back is bytes, of which a fixed
 * number is read in a while.
 *
 * The kernel does not tell how much of what was written is still unread, only
 * that the slave was read and little is left.  That sign cannot be told from
 * the one that each write gives itself, so a write consumes both, and a reader
 * who was quicker than that is found by late_ev: it gives a block more, now and
 * then, until there is a sign.
 */
#include "host-agent/tty_conn.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/secmem.h"
#include "host-agent/handover_record.h"
#include "host-agent/tty_conn_priv.h"

static void after_ms(struct event *ev, unsigned int ms)
{
	struct timeval tv = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

	event_add(ev, &tv);
}

/* While no device serves, by its policy: it is open and gives nothing. */
static bool is_refused(const struct tty_conn *c)
{
	return c->env->absent &&
	       c->consumer->service.policy.when_absent == SERVICE_REFUSE;
}

enum service_supply tty_conn_supply(const struct tty_conn *c)
{
	struct service_view view = egd_conn_view(c->env);

	return is_refused(c) ? SUPPLY_NONE
			     : service_supply(&c->consumer->service, &view);
}

static bool demands(const struct tty_conn *c)
{
	return c->state == TTY_OPEN && !c->rest_len &&
	       c->window >= POOL_BLOCK && !is_refused(c) &&
	       (c->plain || vrng_gives(&c->vrng));
}

void tty_conn_update(struct tty_conn *c)
{
	deal_want(&c->wants, c->env, c->consumer, c->state == TTY_OPEN,
		  demands(c));
	tty_conn_save(c);
}

static void take_input(struct tty_conn *c, const uint8_t *buf, size_t n)
{
	c->input_left -= n < c->input_left ? n : c->input_left;
	if (c->plain)
		return;
	c->consumer->requests = consumer_add(c->consumer->requests, 1);
	if (vrng_feed(&c->vrng, buf, n))
		tty_conn_discard(c);
}

int tty_conn_read(struct tty_conn *c)
{
	uint8_t buf[TTY_CONN_READ_MAX];
	ssize_t n = read(c->pty.master, buf, sizeof(buf));

	if (n > 0) {
		take_input(c, buf, (size_t)n);
		/* under ECHO it is what was served */
		explicit_bzero(buf, sizeof(buf));
		return 1;
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -EIO;
}

int tty_conn_read_all(struct tty_conn *c)
{
	int r = 1;

	while (r > 0 && c->input_left)
		r = tty_conn_read(c);
	return r;
}

static void pause_input(struct tty_conn *c)
{
	if (!c->input_due)
		after_ms(&c->input_ev, TTY_CONN_INPUT_MS);
	c->input_due = true;
	event_del(&c->read_ev);
}

/* A container's start goes ahead of others (egd_pub.c: sock_boot). */
static void boot(struct tty_conn *c)
{
	struct consumer *s = c->consumer;
	bool seed = service_takes_seed(&s->service);

	c->boot_due = false;
	service_boot(&s->service);
	if (!consumer_may_boot(s, egd_conn_now_us()))
		return;
	sched_boot(c->env->sched, s->entry,
		   seed ? POOL_BLOCK : SCHED_BOOT_RESERVE);
	sched_boot(c->env->light, s->light, SCHED_BOOT_RESERVE);
}

static void name_drbg(const struct tty_conn *c, char out[EGD_CONN_ID_MAX])
{
	snprintf(out, EGD_CONN_ID_MAX, "onerng-hostd terminal %s %llu.%llu",
		 c->consumer->name,
		 (unsigned long long)c->consumer->connections,
		 (unsigned long long)c->consumer->drbgs);
}

static void tell_no_drbg(struct tty_conn *c)
{
	if (egd_conn_may_log(&c->told_us))
		log_err("container %s: no memory is left to lock for its DRBG: "
			"raise LimitMEMLOCK=",
			c->consumer->name);
}

static void session_begin(struct tty_conn *c)
{
	struct consumer *s = c->consumer;
	char id[EGD_CONN_ID_MAX];

	s->connections = consumer_add(s->connections, 1);
	name_drbg(c, id);
	if (service_open(&s->service, id) < 0)
		tell_no_drbg(c);
	c->state = TTY_OPEN;
	s->connected = true;
	c->window = TTY_CONN_AHEAD;
	c->blind = 0;
	c->late_step = 0;
	c->dirty = c->inherited;
	c->inherited = false;
	if (c->boot_due)
		boot(c);
	if (!c->input_due)
		event_add(&c->read_ev, NULL);
	event_add(&c->drain_ev, NULL);
}

static void session_leave(struct tty_conn *c)
{
	event_del(&c->read_ev);
	event_del(&c->drain_ev);
	event_del(&c->late_ev);
	service_close(&c->consumer->service);
	tty_conn_discard(c);
	vrng_close(&c->vrng);
}

static void session_end(struct tty_conn *c)
{
	bool dirty = c->dirty;

	session_leave(c);
	if (dirty)
		tty_conn_discard_unread(c);
	else
		tty_conn_make_raw(c);
	tty_conn_update(c);
}

void tty_conn_look_again(struct tty_conn *c, bool came)
{
	int r = tty_conn_read_all(c);

	if (r > 0)
		pause_input(c); /* more waits: looks again */
	else if (r == 0 && tty_pty_is_open(&c->pty))
		session_begin(c);
	else if (came)
		tty_conn_make_raw(c); /* somebody came and went */
	tty_conn_pump(c);
	c->env->serve(c->env->ctx);
}

void tty_conn_look(struct tty_conn *c)
{
	if (c->state == TTY_CLOSED)
		tty_conn_look_again(c, true);
	else
		c->look_due = c->state == TTY_WIPING;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct tty_conn *c = arg;
	int r;

	(void)fd;
	(void)what;
	r = tty_conn_read(c);
	if (r < 0) {
		session_end(c);
		return;
	}
	if (!c->input_left)
		pause_input(c);
	tty_conn_pump(c);
	c->env->serve(c->env->ctx);
}

static void on_input_again(evutil_socket_t fd, short what, void *arg)
{
	struct tty_conn *c = arg;

	(void)fd;
	(void)what;
	c->input_due = false;
	c->input_left = TTY_CONN_INPUT;
	if (c->state == TTY_OPEN)
		event_add(&c->read_ev, NULL);
	else
		tty_conn_look(c);
}

static void on_drained(evutil_socket_t fd, short what, void *arg)
{
	struct tty_conn *c = arg;

	(void)fd;
	(void)what;
	tty_pty_drained(&c->pty);
	if (!tty_pty_is_open(&c->pty))
		return; /* the end, which on_readable() sees */
	tty_conn_drained(c);
	tty_conn_pump(c);
	c->env->serve(c->env->ctx);
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
	struct tty_conn *c = arg;

	(void)fd;
	(void)what;
	if (c->window < POOL_BLOCK && c->blind + POOL_BLOCK <= TTY_CONN_BLIND)
		c->window = POOL_BLOCK;
	tty_conn_pump(c);
	c->env->serve(c->env->ctx);
}

static void on_refresh(struct sink *s)
{
	struct tty_conn *c = (void *)s;

	if (!c->env->absent)
		c->kernel_told = false;
	tty_conn_update(c);
}

static void on_take_over(struct sink *s)
{
	struct tty_conn *c = (void *)s;

	service_close(&c->consumer->service);
	tty_conn_discard(c);
}

static void on_renew(struct sink *s)
{
	struct tty_conn *c = (void *)s;

	if (tty_conn_set_service(c, &c->consumer->service.policy) < 0)
		tell_no_drbg(c);
}

static void use_pty(struct tty_conn *c, const struct tty_pty *pty,
		    struct tty_kept *kept)
{
	c->pty = *pty;
	c->kept = kept;
	event_assign(&c->read_ev, c->env->base, c->pty.master,
		     EV_READ | EV_PERSIST, on_readable, c);
	event_assign(&c->drain_ev, c->env->base, c->pty.drain,
		     EV_READ | EV_PERSIST, on_drained, c);
}

int tty_conn_init(struct tty_conn *c, struct egd_conn_env *env,
		  struct tty_keeper *keeper, struct consumer *consumer,
		  const struct tty_pty *pty)
{
	struct tty_kept *kept;

	memset(c, 0, sizeof(*c));
	c->env = env;
	c->keeper = keeper;
	c->consumer = consumer;
	c->rest = secmem_alloc(TTY_CONN_AHEAD);
	kept = c->rest ? tty_conn_keep(c, pty) : NULL;
	if (!kept) {
		secmem_free(c->rest);
		return -ENOMEM;
	}
	c->sink.consumer = consumer;
	c->sink.deliver = tty_conn_deliver;
	c->sink.deliver_made = tty_conn_deliver_made;
	c->sink.refresh = on_refresh;
	c->sink.wipe = on_take_over;
	c->sink.renew = on_renew;
	c->input_left = TTY_CONN_INPUT;
	bucket_init(&c->replies, TTY_CONN_REPLY_RATE, TTY_CONN_REPLY_BURST,
		    egd_conn_now_us());
	event_assign(&c->input_ev, env->base, -1, 0, on_input_again, c);
	event_assign(&c->late_ev, env->base, -1, 0, on_late, c);
	use_pty(c, pty, kept);
	return 0;
}

void tty_conn_set_closed(struct tty_conn *c)
{
	c->state = TTY_CLOSED;
	c->consumer->connected = false;
}

static void leave_pty(struct tty_conn *c)
{
	if (c->state == TTY_OPEN)
		session_leave(c);
	tty_conn_wipe_end(c);
	tty_conn_set_closed(c);
	tty_conn_update(c);
}

void tty_conn_free(struct tty_conn *c)
{
	c->record = NULL;
	leave_pty(c);
	event_del(&c->input_ev);
	secmem_free(c->rest);
	c->rest = NULL;
}

int tty_conn_replace(struct tty_conn *c, const struct tty_pty *pty)
{
	struct tty_kept *kept = tty_conn_keep(c, pty);

	if (!kept)
		return -errno;
	leave_pty(c);
	use_pty(c, pty, kept);
	tty_conn_power_up(c);
	return 0;
}

void tty_conn_power_up(struct tty_conn *c)
{
	char unit[VRNG_UNIT];

	memcpy(unit, c->vrng.unit, sizeof(unit));
	vrng_init(&c->vrng, unit);
	tty_conn_discard(c);
	c->boot_due = true;
	tty_conn_update(c);
}

int tty_conn_set_service(struct tty_conn *c,
			 const struct service_policy *policy)
{
	struct service *service = &c->consumer->service;
	char id[EGD_CONN_ID_MAX];
	int r;

	if (c->state == TTY_OPEN) {
		c->consumer->drbgs++;
		name_drbg(c, id);
		r = service_change(service, policy, id);
		if (r < 0)
			return r;
	}
	service->policy = *policy;
	tty_conn_update(c);
	c->env->serve(c->env->ctx);
	return 0;
}
