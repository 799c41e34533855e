#include "host-agent/domains.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "host-agent/control.h"
#include "host-agent/domains_file.h"
#include "host-agent/domains_priv.h"
#include "host-agent/egd_conn.h"
#include "host-agent/egd_pub.h"
#include "host-agent/generation.h"
#include "host-agent/hostconf.h"
#include "host-agent/letgo.h"
#include "host-agent/roster.h"
#include "host-agent/rundir.h"
#include "host-agent/usock.h"

#define SAVE_GAP_US 200000

/* What a message says. */
struct told {
	const char *op;
	struct consumer id; /* uuid, name */
	const char *socket; /* NULL: no rng of ours */
	const json_t *usb;  /* NULL: nothing is passed through */
	struct wish wish;
};

struct domains *domains_new(struct egd_pub *pub, struct letgo *letgo,
			    const char *run_dir)
{
	struct domains *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->pub = pub;
	d->letgo = letgo;
	d->run_dir = run_dir;
	return d;
}

static bool is_unsaved(const struct domains *d)
{
	struct egd_sock *s = NULL;

	while ((s = egd_pub_next(d->pub, s)))
		if (egd_pub_consumer(s)->domain.unsaved)
			return true;
	return false;
}

void domains_free(struct domains *d)
{
	if (d && (d->dirty || is_unsaved(d)))
		domains_save(d);
	free(d);
}

void domains_configure(struct domains *d, const struct hostconf *conf)
{
	d->conf = conf;
	egd_pub_set_check_peer(d->pub, conf->check_peer);
}

struct egd_sock *domains_find(const struct domains *d, const char *uuid)
{
	struct egd_sock *s = NULL;

	while ((s = egd_pub_next(d->pub, s)))
		if (!strcmp(egd_pub_consumer(s)->uuid, uuid))
			break;
	return s;
}

static json_t *describe(const struct domains *d)
{
	json_t *domains = json_array(), *devices = json_array();
	const struct consumer *c;
	struct egd_sock *s = NULL;
	size_t i;

	while ((s = egd_pub_next(d->pub, s))) {
		c = egd_pub_consumer(s);
		egd_pub_domain(s)->unsaved = false;
		if (c->kind == CONSUMER_DOMAIN &&
		    (c->domain.phase != CONSUMER_UNKNOWN ||
		     c->domain.counted.pid))
			json_array_append_new(domains, domains_file_domain(c));
	}
	for (i = 0; i < letgo_count(d->letgo); i++)
		json_array_append_new(
			devices, domains_file_device(letgo_entry(d->letgo, i)));
	return json_pack("{s:o, s:o}", "domains", domains, "devices", devices);
}

void domains_save(void *domains)
{
	struct domains *d = domains;
	json_t *o = describe(d);
	bool empty = !json_array_size(json_object_get(o, "domains")) &&
		     !json_array_size(json_object_get(o, "devices"));
	int r = o ? domains_file_write(d->run_dir, empty ? NULL : o) : -ENOMEM;

	json_decref(o);
	if (r < 0 && !d->unsaved)
		log_err("%s/domains.json: %s: a restart forgets what libvirt "
			"told of domains",
			d->run_dir, strerror(-r));
	d->unsaved = r < 0;
	d->dirty = false;
	d->saved_us = egd_conn_now_us();
}

/* Many domains that start at once are written once. */
void domains_save_soon(struct domains *d)
{
	d->dirty = true;
	if (egd_conn_now_us() - d->saved_us >= SAVE_GAP_US)
		domains_save(d);
}

int domains_add_dynamic(struct domains *d, const struct consumer *id)
{
	if (d->dynamic >= ROSTER_DYNAMIC_MAX) {
		log_err("domain %s: no socket: %d domains have one without "
			"being configured",
			id->name, ROSTER_DYNAMIC_MAX);
		return -ENOSPC;
	}
	if (roster_add_dynamic(d->pub, d->conf, d->run_dir, id) < 0)
		return -ENOMEM;
	d->dynamic++;
	return 0;
}

static void load_domain(struct domains *d, const json_t *o)
{
	struct consumer id;
	struct egd_sock *s;

	if (domains_file_take_domain(&id, o) < 0) {
		log_warn("%s/domains.json: a domain makes no sense: dropped",
			 d->run_dir);
		return;
	}
	/* what was told before is not known to be older than anything else */
	id.domain.told_us = id.domain.seen_us = egd_conn_now_us();
	s = domains_find(d, id.uuid);
	if (s) {
		id.domain.dynamic = false; /* it is configured by now */
		*egd_pub_domain(s) = id.domain;
		roster_serve_domain(s, d->conf);
	} else if (id.domain.dynamic) {
		if (id.domain.phase == CONSUMER_STOPPED)
			id.domain.released_us = egd_conn_now_us();
		domains_add_dynamic(d, &id);
	}
}

void domains_load(struct domains *d)
{
	json_t *file = domains_file_read(d->run_dir);
	const json_t *domains = json_object_get(file, "domains");
	const json_t *devices = json_object_get(file, "devices");
	struct letgo_entry e;
	size_t i;

	for (i = 0; i < json_array_size(domains); i++)
		load_domain(d, json_array_get(domains, i));
	for (i = 0; i < json_array_size(devices); i++)
		if (domains_file_take_device(&e, json_array_get(devices, i)) ==
		    0)
			letgo_restore(d->letgo, &e);
	json_decref(file);
}

/* A policy that is refused is none: the domain is served all the same. */
static void take_policy(struct told *e, const json_t *policy)
{
	char why[WISH_WHY_MAX];

	if (!policy || wish_parse(&e->wish, policy, why) == 0)
		return;
	log_warn("domain %s: policy of its metadata: %s: ignored", e->id.name,
		 why);
	memset(&e->wish, 0, sizeof(e->wish));
}

static int parse(struct told *e, const json_t *request, char *why)
{
	const char *uuid = NULL, *name = NULL;

	memset(e, 0, sizeof(*e));
	e->usb = json_object_get(request, "usb");
	if (json_unpack((json_t *)(uintptr_t)request, "{s:s, s:s, s:s, s?s}",
			"op", &e->op, "uuid", &uuid, "name", &name, "socket",
			&e->socket) < 0 ||
	    domains_file_uuid(e->id.uuid, uuid) < 0 ||
	    domains_file_name(e->id.name, name) < 0 ||
	    (e->usb && !json_is_array(e->usb))) {
		snprintf(why, CONTROL_WHY_MAX,
			 "a domain event has op, uuid, "
			 "name, and may have socket, usb "
			 "and policy");
		return -EINVAL;
	}
	take_policy(e, json_object_get(request, "policy"));
	return 0;
}

/* The consumer of that domain, made if its XML is right; NULL: none. */
static struct egd_sock *consumer_of(struct domains *d, struct told *e)
{
	struct egd_sock *s = domains_find(d, e->id.uuid);
	char path[CONSUMER_PATH_MAX], shown[2 * CONSUMER_PATH_MAX];

	if (!e->socket)
		return s;
	rundir_domain_socket(path, d->run_dir, e->id.uuid);
	if (strcmp(path, e->socket)) {
		log_warn("domain %s: its XML names %s: its own is %s",
			 e->id.name,
			 log_escape(shown, sizeof(shown), e->socket,
				    strlen(e->socket)),
			 path);
		return s;
	}
	e->id.domain.wish = e->wish;
	if (s || domains_add_dynamic(d, &e->id) < 0)
		return s;
	log_info("domain %s: %s: its XML names our socket: has one now",
		 e->id.name, e->id.uuid);
	d->dirty = true;
	return domains_find(d, e->id.uuid);
}

static void on_start(struct consumer_domain *dom)
{
	generation_told(dom, egd_conn_now_us());
}

/* libvirt prepares directly behind a restore: later, that had failed. */
static void on_prepare(struct consumer_domain *dom)
{
	if (egd_conn_now_us() > dom->told_us + DOMAINS_ARRIVAL_S * 1000000ull)
		dom->next = CONSUMER_ORIGIN_NONE;
	dom->phase = CONSUMER_PREPARING;
}

static void on_running(struct consumer_domain *dom)
{
	dom->phase = CONSUMER_RUNNING;
}

static void on_stopped(struct consumer_domain *dom)
{
	dom->phase = CONSUMER_STOPPED;
	generation_ended(dom);
}

static void on_release(struct consumer_domain *dom)
{
	on_stopped(dom);
	dom->released_us = egd_conn_now_us();
}

static void on_restore(struct consumer_domain *dom)
{
	dom->phase = CONSUMER_PREPARING;
	dom->next = CONSUMER_ORIGIN_RESTORE;
}

static void on_migrate(struct consumer_domain *dom)
{
	dom->phase = CONSUMER_PREPARING;
	dom->next = CONSUMER_ORIGIN_MIGRATE;
}

static const struct {
	const char *name;
	void (*fn)(struct consumer_domain *dom);
	bool down;  /* the domain is not up */
	bool takes; /* its USB devices are wanted */
	bool has;   /* ... and are its own from here on */
	bool gives; /* ... and are free again */
	bool gone;  /* libvirt does not know it any more */
} operations[] = {
	{ .name = "restore", .fn = on_restore },
	{ .name = "migrate", .fn = on_migrate },
	{ .name = "prepare", .fn = on_prepare, .takes = true },
	{ .name = "start", .fn = on_start, .has = true },
	{ .name = "started", .fn = on_running, .has = true },
	{ .name = "reconnect", .fn = on_running, .takes = true, .has = true },
	{ .name = "stopped", .fn = on_stopped, .down = true },
	{ .name = "release", .fn = on_release, .down = true, .gives = true },
	{ .name = "forget",
	  .fn = on_release,
	  .down = true,
	  .gives = true,
	  .gone = true },
};

#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

static void take_usb(struct domains *d, const struct told *e)
{
	struct passed usb[PASSED_MAX];
	size_t i, n = passed_parse(usb, e->usb);

	for (i = 0; i < n; i++)
		letgo_for_domain(d->letgo, e->id.uuid, e->id.name, &usb[i]);
}

static bool is_connected(const struct domains *d, const char *uuid)
{
	struct egd_sock *s = domains_find(d, uuid);

	if (s)
		egd_pub_sweep(s);
	return s && egd_pub_consumer(s)->connected;
}

/* What is configured stays: that is taken back where it was written. */
static void forget(struct domains *d, struct egd_sock *s)
{
	if (!egd_pub_domain(s)->dynamic)
		return;
	log_info("domain %s: forgotten: not configured, and libvirt does not "
		 "know it",
		 egd_pub_consumer(s)->name);
	egd_pub_remove(d->pub, s);
}

static void act(struct domains *d, struct told *e, size_t op)
{
	struct egd_sock *s = operations[op].down ? domains_find(d, e->id.uuid)
						 : consumer_of(d, e);
	struct consumer_domain *dom = s ? egd_pub_domain(s) : NULL;

	if (dom) {
		snprintf(dom->name, sizeof(dom->name), "%s", e->id.name);
		if (dom->dynamic)
			egd_pub_set_name(s, e->id.name);
		dom->released_us = 0;
		operations[op].fn(dom);
		dom->told_us = dom->seen_us = egd_conn_now_us();
		if (!operations[op].down)
			dom->wish = e->wish;
		roster_serve_domain(s, d->conf);
		egd_pub_sweep(s);
		log_debug("domain %s: %s: generation %llu", e->id.name, e->op,
			  (unsigned long long)dom->generation);
		if (operations[op].gone)
			forget(d, s);
		domains_save_soon(d);
	}
	if (operations[op].takes)
		take_usb(d, e);
	if (operations[op].has) {
		letgo_begun(d->letgo, e->id.uuid);
		d->dirty = true;
	}
	if (operations[op].gives)
		letgo_end_domain(d->letgo, e->id.uuid);
}

int domains_event(void *domains, int fd, const json_t *request, char *why)
{
	struct domains *d = domains;
	struct told e;
	size_t op;
	int r = parse(&e, request, why);

	if (r < 0)
		return r;
	for (op = 0; op < OPERATIONS; op++)
		if (!strcmp(operations[op].name, e.op))
			break;
	if (op < OPERATIONS && operations[op].gone &&
	    is_connected(d, e.id.uuid)) {
		snprintf(why, CONTROL_WHY_MAX, "its QEMU is connected");
		return -EBUSY;
	}
	/* a newer libvirt may tell more */
	if (op < OPERATIONS)
		act(d, &e, op);
	letgo_answer(d->letgo, fd);
	return 0;
}

/*
 * Its release was not told: the process that was its peer is gone, or none came
 * for long.  It has its grace from here on, as if it had been told.
 */
static bool note_forgotten(struct egd_sock *s, uint64_t now_us)
{
	struct consumer_domain *dom = egd_pub_domain(s);
	const struct consumer *c = egd_pub_consumer(s);
	uint64_t idle_us = c->peer.pid ? DOMAINS_GONE_S * 1000000ull
				       : DOMAINS_FORGOTTEN_S * 1000000ull;

	if (c->connected)
		dom->seen_us = now_us;
	if (!dom->dynamic || dom->released_us || c->connected ||
	    now_us < dom->seen_us + idle_us ||
	    (c->peer.pid && !usock_peer_is_dead(&c->peer)))
		return false;
	log_info("domain %s: %s, and its release was not told: taken for down",
		 c->name,
		 c->peer.pid ? "its QEMU is gone" : "no QEMU came for long");
	on_stopped(dom);
	dom->released_us = now_us;
	return true;
}

/* Domains that are gone for good, and what crashes left. */
static bool sweep_one(struct domains *d, struct egd_sock *s, uint64_t now_us)
{
	const struct consumer *c = egd_pub_consumer(s);
	const struct consumer_domain *dom = &c->domain;

	if (!dom->dynamic || !dom->released_us || c->connected ||
	    now_us < dom->released_us + DOMAINS_GRACE_S * 1000000ull)
		return false;
	log_info("domain %s: released, not configured: removed", c->name);
	egd_pub_remove(d->pub, s);
	return true;
}

void domains_tick(struct domains *d, uint64_t now_us)
{
	struct egd_sock *s = egd_pub_next(d->pub, NULL), *next;
	size_t i, dynamic = 0;

	for (i = 0; s; s = next, i++) {
		next = egd_pub_next(d->pub, s);
		if (sweep_one(d, s, now_us)) {
			d->dirty = true;
			continue;
		}
		dynamic += egd_pub_consumer(s)->domain.dynamic;
		if (i - d->swept < DOMAINS_SWEEP) {
			egd_pub_sweep(s);
			d->dirty |= note_forgotten(s, now_us);
		}
	}
	d->swept = d->swept + DOMAINS_SWEEP < i ? d->swept + DOMAINS_SWEEP : 0;
	d->dynamic = dynamic;
	domains_end_prepared(d, now_us);
	if (d->dirty || is_unsaved(d))
		domains_save(d);
}
