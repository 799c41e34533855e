#include "host-agent/egd_pub.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "common/secmem.h"
#include "host-agent/account.h"
#include "host-agent/egd_pub_priv.h"
#include "host-agent/handover.h"
#include "host-agent/usock.h"

static void conn_gone(struct egd_conn *c)
{
	struct egd_sock *s =
		(void *)((char *)c - offsetof(struct egd_sock, conn));

	handover_drop_peer(s->pub->handover, s->listener.record);
}

struct egd_pub *egd_pub_new(struct event_base *base, struct sched *sched,
			    struct pool *pool, void (*served)(void *ctx),
			    void *ctx)
{
	struct egd_pub *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	TAILQ_INIT(&p->socks);
	TAILQ_INIT(&p->sinks);
	TAILQ_INIT(&p->env.now);
	p->env.base = base;
	p->env.sched = sched;
	p->env.pool = pool;
	p->env.gone = conn_gone;
	p->served = served;
	p->served_ctx = ctx;
	p->env.light = sched_new();
	p->env.out = secmem_alloc(EGD_CONN_OUT);
	if (!p->env.light || !p->env.out) {
		secmem_free(p->env.out);
		sched_free(p->env.light);
		free(p);
		return NULL;
	}
	egd_pub_init_turns(p);
	return p;
}

void egd_pub_set_handover(struct egd_pub *p, struct handover *h)
{
	p->handover = h;
}

/* What the service manager keeps is closed here and nothing more. */
static void pub_leave_all(struct egd_pub *p)
{
	struct egd_sock *s;

	TAILQ_FOREACH (s, &p->socks, entry) {
		s->conn.record = NULL;
		listener_close(&s->listener);
	}
}

bool egd_pub_leave(struct egd_pub *p)
{
	if (!p || !handover_end(p->handover))
		return false;
	pub_leave_all(p);
	return true;
}

void egd_pub_free(struct egd_pub *p)
{
	struct egd_sock *s;

	if (!p)
		return;
	while ((s = TAILQ_FIRST(&p->socks)))
		egd_pub_remove(p, s);
	event_del(&p->serve_ev);
	event_del(&p->light_ev);
	sched_free(p->env.light);
	secmem_free(p->env.out);
	free(p);
}

struct egd_conn_env *egd_pub_env(struct egd_pub *p)
{
	return &p->env;
}

void egd_pub_join(struct egd_pub *p, struct sink *sink)
{
	TAILQ_INSERT_TAIL(&p->sinks, sink, entry);
}

void egd_pub_part(struct egd_pub *p, struct sink *sink)
{
	TAILQ_REMOVE(&p->sinks, sink, entry);
}

/* One peer per socket; the present one stays unless it is gone. */
static bool sock_is_taken(struct egd_sock *s)
{
	if (s->conn.fd < 0)
		return false;
	if (!egd_conn_is_hung_up(&s->conn) &&
	    !usock_peer_is_dead(&s->consumer.peer))
		return true;
	egd_conn_close(&s->conn, NULL);
	return false;
}

void egd_pub_sweep(struct egd_sock *s)
{
	sock_is_taken(s);
}

/* It is counted.  True: and may be logged. */
static bool sock_reject(struct egd_sock *s, int fd)
{
	struct consumer *c = &s->consumer;

	close(fd);
	c->refused = consumer_add(c->refused, 1);
	account_save(c);
	return egd_conn_may_log(&s->refused_logged_us);
}

static void sock_refuse(struct egd_sock *s, int fd,
			const struct consumer_peer *peer)
{
	const struct consumer *c = &s->consumer;

	if (!sock_reject(s, fd))
		return;
	log_warn("%s %s: peer pid %d uid %u refused: pid %d is connected",
		 consumer_kind_name(c->kind), c->name, (int)peer->pid,
		 (unsigned int)peer->uid, (int)c->peer.pid);
}

/* What a domain's start gets ahead of others; of the pool, a DRBG a seed. */
static void sock_boot(struct egd_sock *s)
{
	struct consumer *c = &s->consumer;

	if (!consumer_may_boot(c, egd_conn_now_us()))
		return;
	if (service_takes_seed(&c->service))
		sched_boot(s->pub->env.sched, c->entry, POOL_BLOCK);
	else
		sched_boot(s->pub->env.sched, c->entry, SCHED_BOOT_RESERVE);
	sched_boot(s->pub->env.light, c->light, SCHED_BOOT_RESERVE);
}

/* While no device serves, by this consumer's policy. */
static bool sock_is_closed(const struct egd_sock *s)
{
	return s->pub->env.absent &&
	       s->consumer.service.policy.when_absent == SERVICE_REFUSE;
}

static void sock_turn_away(struct egd_sock *s, int fd,
			   const struct consumer_peer *peer)
{
	const struct consumer *c = &s->consumer;

	if (sock_reject(s, fd))
		log_warn("%s %s: peer pid %d refused: no device serves",
			 consumer_kind_name(c->kind), c->name, (int)peer->pid);
}

static void sock_open(struct egd_sock *s, int fd,
		      const struct consumer_peer *peer)
{
	struct consumer *c = &s->consumer;
	bool is_new = consumer_peer_is_new(&c->peer, peer) ||
		      c->domain.boot_due;

	c->peer = *peer;
	egd_pub_peer_arrives(s);
	if (is_new) {
		service_boot(&c->service);
		latency_mark(&c->latency);
	}
	if (egd_conn_open(&s->conn, fd) < 0)
		return;
	handover_add_peer(s->pub->handover, s->listener.record, fd);
	if (is_new)
		sock_boot(s);
	if (egd_conn_may_log(&s->conn.logged_us))
		log_info("%s %s: connected: pid %d uid %u gid %u",
			 consumer_kind_name(c->kind), c->name, (int)peer->pid,
			 (unsigned int)peer->uid, (unsigned int)peer->gid);
}

static void sock_accepted(void *ctx, int fd, const struct consumer_peer *peer)
{
	struct egd_sock *s = ctx;

	if (egd_pub_peer_is_foreign(s, peer))
		close(fd);
	else if (sock_is_closed(s))
		sock_turn_away(s, fd, peer);
	else if (sock_is_taken(s))
		sock_refuse(s, fd, peer);
	else
		sock_open(s, fd, peer);
}

static const char *sock_key(const struct egd_sock *s)
{
	return s->consumer.kind == CONSUMER_HOST ? HANDOVER_HOST
						 : s->consumer.uuid;
}

/* Only its container sees the directory that a container's is in. */
static void sock_init_listener(struct egd_sock *s, gid_t gid)
{
	const struct listener_at at = {
		.path = s->consumer.path,
		.key = sock_key(s),
		.gid = gid,
		.mode = s->consumer.kind == CONSUMER_CONTAINER ? 0666 : 0660,
		.handover = s->pub->handover,
	};

	listener_init(&s->listener, s->pub->env.base, &at, sock_accepted, s);
	if (s->listener.record)
		s->conn.record = &s->listener.record->state;
	account_begin(&s->consumer, at.handover, s->listener.record);
}

/* What stands in its way is mended later; its peer goes on meanwhile. */
static void sock_listen(struct egd_sock *s)
{
	struct consumer *c = &s->consumer;

	if (listener_open(&s->listener) < 0)
		log_err("%s %s: no socket: %s", consumer_kind_name(c->kind),
			c->name, s->listener.why);
	c->no_socket = s->listener.why;
}

static void sock_tick(struct egd_sock *s)
{
	struct consumer *c = &s->consumer;

	if (listener_tick(&s->listener))
		log_info("%s %s: has its socket", consumer_kind_name(c->kind),
			 c->name);
	c->no_socket = s->listener.why;
}

/* Goes on with the peer of the last process. */
static void sock_take_over(struct egd_sock *s)
{
	struct consumer *c = &s->consumer;
	struct handover_state state;
	bool known;
	int fd = handover_take_peer(s->pub->handover, sock_key(s), c->path,
				    &state, &known);

	if (fd < 0)
		return;
	usock_peer(fd, &c->peer);
	if (egd_conn_resume(&s->conn, fd, known ? &state : NULL) < 0)
		return;
	account_goes_on(c);
	handover_add_peer(s->pub->handover, s->listener.record, fd);
	log_info("%s %s: taken over: pid %d: %s%llu bytes owed",
		 consumer_kind_name(c->kind), c->name, (int)c->peer.pid,
		 known ? "" : "state unknown: ", (unsigned long long)c->owed);
}

static struct egd_sock *sock_of(struct sink *sink)
{
	return (void *)((char *)sink - offsetof(struct egd_sock, sink));
}

static void sock_deliver(struct sink *sink)
{
	egd_conn_deliver(&sock_of(sink)->conn);
}

static size_t sock_deliver_made(struct sink *sink)
{
	return egd_conn_deliver_made(&sock_of(sink)->conn);
}

/* Its peer's next bytes come from elsewhere, or it is closed. */
static void sock_refresh(struct sink *sink)
{
	struct egd_sock *s = sock_of(sink);

	if (sock_is_closed(s))
		egd_conn_close(&s->conn, "no device serves");
	egd_conn_refresh(&s->conn);
}

static void sock_wipe(struct sink *sink)
{
	service_close(&sink->consumer->service);
}

static void sock_renew(struct sink *sink)
{
	struct egd_sock *s = sock_of(sink);

	if (egd_pub_set_service(s, &s->consumer.service.policy) < 0)
		egd_conn_close(&s->conn, "no memory is left to lock for its "
					 "DRBG: raise LimitMEMLOCK=");
}

static void sock_init_sink(struct egd_sock *s)
{
	s->sink.consumer = &s->consumer;
	s->sink.deliver = sock_deliver;
	s->sink.deliver_made = sock_deliver_made;
	s->sink.refresh = sock_refresh;
	s->sink.wipe = sock_wipe;
	s->sink.renew = sock_renew;
}

struct egd_sock *egd_pub_add(struct egd_pub *p, const struct consumer *id,
			     gid_t gid)
{
	struct egd_sock *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->pub = p;
	s->consumer.kind = id->kind;
	memcpy(s->consumer.name, id->name, sizeof(id->name));
	memcpy(s->consumer.uuid, id->uuid, sizeof(id->uuid));
	memcpy(s->consumer.path, id->path, sizeof(id->path));
	s->consumer.limits = id->limits;
	s->consumer.service.policy = id->service.policy;
	s->consumer.domain = id->domain;
	egd_conn_init(&s->conn, &p->env, &s->consumer);
	sock_init_sink(s);
	if (deal_begin(&p->env, &s->consumer, &s->sink) < 0) {
		deal_end(&p->env, &s->consumer);
		free(s);
		errno = ENOMEM;
		return NULL;
	}
	sock_init_listener(s, gid);
	sock_listen(s);
	TAILQ_INSERT_TAIL(&p->socks, s, entry);
	egd_pub_join(p, &s->sink);
	sock_take_over(s);
	return s;
}

void egd_pub_remove(struct egd_pub *p, struct egd_sock *s)
{
	egd_conn_close(&s->conn, NULL);
	listener_close(&s->listener);
	deal_end(&p->env, &s->consumer);
	TAILQ_REMOVE(&p->socks, s, entry);
	egd_pub_part(p, &s->sink);
	free(s);
}

void egd_pub_set_limits(struct egd_sock *s, const struct sched_limits *lim)
{
	deal_set_limits(&s->consumer, lim);
}

void egd_pub_wipe(struct egd_pub *p)
{
	struct sink *s;

	TAILQ_FOREACH (s, &p->sinks, entry) {
		s->wipe(s);
		account_save(s->consumer);
	}
}

void egd_pub_renew(struct egd_pub *p)
{
	struct sink *s;

	TAILQ_FOREACH (s, &p->sinks, entry)
		s->renew(s);
}

void egd_pub_refresh_all(struct egd_pub *p)
{
	struct sink *s;

	TAILQ_FOREACH (s, &p->sinks, entry)
		s->refresh(s);
}

int egd_pub_set_service(struct egd_sock *s, const struct service_policy *policy)
{
	struct service *service = &s->consumer.service;
	char id[EGD_CONN_ID_MAX];
	int r;

	/* the DRBG it had on this connection before must not come again */
	if (s->consumer.connected)
		s->consumer.drbgs++;
	egd_conn_id(&s->conn, id);
	if (s->consumer.connected) {
		r = service_change(service, policy, id);
		if (r < 0)
			return r;
	}
	service->policy = *policy;
	sock_refresh(&s->sink);
	egd_pub_serve(s->pub);
	return 0;
}

void egd_pub_set_override(struct egd_sock *s, bool override)
{
	s->consumer.override = override;
}

enum service_supply egd_pub_supply(const struct egd_sock *s)
{
	return egd_conn_supply(&s->conn);
}

void egd_pub_set_name(struct egd_sock *s, const char *name)
{
	snprintf(s->consumer.name, sizeof(s->consumer.name), "%s", name);
}

const struct consumer *egd_pub_consumer(const struct egd_sock *s)
{
	return &s->consumer;
}

struct egd_sock *egd_pub_next(struct egd_pub *p, struct egd_sock *s)
{
	return s ? TAILQ_NEXT(s, entry) : TAILQ_FIRST(&p->socks);
}

static void log_absence(struct egd_pub *p, bool absent)
{
	size_t with[SERVICE_REFUSE + 1] = { 0 };
	struct sink *s;

	if (!absent) {
		log_info("a device serves again");
		return;
	}
	TAILQ_FOREACH (s, &p->sinks, entry)
		with[s->consumer->service.policy.when_absent]++;
	log_warn("no device serves: %zu consumers hold, %zu get the kernel's "
		 "bytes, %zu are refused",
		 with[SERVICE_HOLD], with[SERVICE_KERNEL],
		 with[SERVICE_REFUSE]);
}

void egd_pub_set_absent(struct egd_pub *p, bool absent)
{
	if (absent == p->env.absent)
		return;
	log_absence(p, absent);
	p->env.absent = absent;
	p->env.dry = absent && pool_blocks(p->env.pool) == 0;
	egd_pub_refresh_all(p);
	egd_pub_serve(p);
}

void egd_pub_tick(struct egd_pub *p)
{
	struct egd_sock *s;

	egd_pub_now_us(p);
	TAILQ_FOREACH (s, &p->socks, entry) {
		sock_tick(s);
		service_tick(&s->consumer.service);
		egd_conn_refresh(&s->conn);
	}
	if (p->env.wanting || p->env.light_wanting)
		egd_pub_serve(p);
}
