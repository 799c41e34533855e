/*
 * domains_look.c - what libvirt says of domains, where its hook knows nothing
 * newer
 *
 * Names, phases and wishes are brought up to date, what a message that was
 * never told has left is put right.  Generations and bytes are the hook's and
 * the publisher's: nothing here touches them.
 */
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "host-agent/domains.h"
#include "host-agent/domains_priv.h"
#include "host-agent/egd_conn.h"
#include "host-agent/egd_pub.h"
#include "host-agent/generation.h"
#include "host-agent/letgo.h"
#include "host-agent/reconcile.h"
#include "host-agent/roster.h"

/* False: it was not looked at. */
static bool state_of(const struct reconcile_set *seen, const char *uuid,
		     struct reconcile_seen **found, enum reconcile_state *state)
{
	*found = reconcile_find(seen, uuid);
	*state = *found ? (*found)->state : RECONCILE_ABSENT;
	return *found || seen->whole;
}

static void set_down(struct egd_sock *s, uint64_t released_us)
{
	struct consumer_domain *dom = egd_pub_domain(s);

	dom->phase = CONSUMER_STOPPED;
	generation_ended(dom);
	dom->released_us = released_us;
}

static void set_running(struct egd_sock *s)
{
	struct consumer_domain *dom = egd_pub_domain(s);

	dom->phase = CONSUMER_RUNNING;
	dom->next = CONSUMER_ORIGIN_NONE;
	dom->released_us = 0;
}

/* What may change while it is as it was known to be; true: it did. */
static bool freshen(struct domains *d, struct egd_sock *s,
		    const struct reconcile_seen *seen)
{
	struct consumer_domain *dom = egd_pub_domain(s);
	bool renamed = seen->name[0] && dom->phase != CONSUMER_UNKNOWN &&
		       strcmp(dom->name, seen->name) != 0;

	if (seen->state == RECONCILE_RUNNING)
		dom->seen_us = egd_conn_now_us();
	if (renamed) {
		if (dom->name[0])
			log_info("domain %s: its name is %s in libvirt",
				 egd_pub_consumer(s)->name, seen->name);
		memcpy(dom->name, seen->name, sizeof(dom->name));
		if (dom->dynamic)
			egd_pub_set_name(s, seen->name);
	}
	if (!seen->has_wish || wish_same(&dom->wish, &seen->wish))
		return renamed;
	dom->wish = seen->wish;
	roster_serve_domain(s, d->conf);
	return true;
}

static void apply(struct domains *d, struct egd_sock *s,
		  enum reconcile_verdict verdict)
{
	const struct consumer *c = egd_pub_consumer(s);

	switch (verdict) {
	case RECONCILE_KEEP:
	case RECONCILE_LATER:
		return;
	case RECONCILE_RUNS:
		log_info("domain %s: runs, which libvirt's hook did not tell",
			 c->name);
		set_running(s);
		break;
	case RECONCILE_ENDED:
		log_info("domain %s: is down, which libvirt's hook did not "
			 "tell",
			 c->name);
		set_down(s, egd_conn_now_us());
		break;
	case RECONCILE_FORGET:
		log_info("domain %s: undefined, not configured: removed",
			 c->name);
		egd_pub_remove(d->pub, s);
		break;
	}
	d->dirty = true;
}

/* How many of those that are known it is too early to decide about. */
static size_t look_at_known(struct domains *d, struct reconcile_set *set)
{
	struct egd_sock *s = egd_pub_next(d->pub, NULL), *next;
	struct reconcile_seen *seen;
	enum reconcile_verdict verdict;
	enum reconcile_state state;
	const struct consumer *c;
	size_t later = 0;

	for (; s; s = next) {
		next = egd_pub_next(d->pub, s);
		c = egd_pub_consumer(s);
		if (c->kind != CONSUMER_DOMAIN ||
		    !state_of(set, c->uuid, &seen, &state))
			continue;
		if (seen)
			seen->known = true;
		egd_pub_sweep(s);
		verdict = reconcile_domain(c, state, set->mark_us);
		later += verdict == RECONCILE_LATER;
		apply(d, s, verdict);
		if (seen && verdict != RECONCILE_FORGET &&
		    c->domain.told_us <= set->mark_us && freshen(d, s, seen))
			d->dirty = true;
	}
	return later;
}

/* Domains that run and were never told of. */
static void add_unknown(struct domains *d, const struct reconcile_set *set)
{
	struct consumer id;
	size_t i;

	for (i = 0; i < set->count; i++) {
		const struct reconcile_seen *seen = &set->seen[i];

		if (seen->state != RECONCILE_RUNNING || !seen->ours ||
		    seen->known)
			continue;
		memset(&id, 0, sizeof(id));
		memcpy(id.uuid, seen->uuid, sizeof(id.uuid));
		memcpy(id.name, seen->name, sizeof(id.name));
		memcpy(id.domain.name, seen->name, sizeof(id.domain.name));
		id.domain.phase = CONSUMER_RUNNING;
		id.domain.seen_us = egd_conn_now_us();
		id.domain.wish = seen->wish;
		if (domains_add_dynamic(d, &id) < 0)
			continue;
		log_info("domain %s: %s: runs with our socket in its XML, "
			 "which libvirt's hook did not tell: has one now",
			 id.name, id.uuid);
		d->dirty = true;
	}
}

/* Devices let go for domains that are no more. */
static size_t look_at_devices(struct domains *d,
			      const struct reconcile_set *set)
{
	struct reconcile_seen *seen;
	const struct letgo_entry *e;
	enum reconcile_verdict verdict;
	enum reconcile_state state;
	struct egd_sock *s;
	size_t i, later = 0;

	for (i = letgo_count(d->letgo); i-- > 0;) {
		e = letgo_entry(d->letgo, i);
		if (!e->of_domain || !state_of(set, e->uuid, &seen, &state))
			continue;
		s = domains_find(d, e->uuid);
		verdict = reconcile_device(e->asked_us,
					   s && egd_pub_consumer(s)->connected,
					   state, set->mark_us);
		later += verdict == RECONCILE_LATER;
		if (verdict != RECONCILE_ENDED)
			continue;
		log_info("device at %s: its %s is down, which libvirt's hook "
			 "did not tell: taken back",
			 e->port, e->by);
		letgo_end(d->letgo, i);
	}
	return later;
}

static void let_go(struct domains *d, const struct reconcile_seen *seen)
{
	size_t i, before = letgo_count(d->letgo);

	for (i = 0; i < seen->usb_count; i++)
		letgo_for_domain(d->letgo, seen->uuid, seen->name,
				 &seen->usb[i]);
	letgo_begun(d->letgo, seen->uuid);
	if (letgo_count(d->letgo) > before)
		log_info("domain %s: runs with a OneRNG passed through, which "
			 "libvirt's hook did not tell: let go",
			 seen->name);
}

/* Devices that domains have already: two would fight over them. */
static size_t look_at_passed(struct domains *d, const struct reconcile_set *set)
{
	const struct reconcile_seen *seen;
	enum reconcile_verdict verdict;
	struct egd_sock *s;
	size_t i, later = 0;

	for (i = 0; i < set->count; i++) {
		seen = &set->seen[i];
		if (seen->state != RECONCILE_RUNNING || !seen->usb_count)
			continue;
		s = domains_find(d, seen->uuid);
		verdict = reconcile_passed(s ? egd_pub_consumer(s) : NULL,
					   letgo_ended_us(d->letgo, seen->uuid),
					   set->mark_us);
		later += verdict == RECONCILE_LATER;
		if (verdict == RECONCILE_RUNS)
			let_go(d, seen);
	}
	return later;
}

void domains_end_prepared(struct domains *d, uint64_t now_us)
{
	const struct letgo_entry *e;
	struct egd_sock *s;
	size_t i;

	for (i = letgo_count(d->letgo); i-- > 0;) {
		e = letgo_entry(d->letgo, i);
		if (!e->of_domain || e->begun ||
		    now_us < e->asked_us + DOMAINS_PREPARE_S * 1000000ull)
			continue;
		s = domains_find(d, e->uuid);
		if (s && egd_pub_consumer(s)->connected)
			continue; /* its QEMU is there, whatever was told */
		log_info("device at %s: its %s was prepared, and nothing came "
			 "of it: taken back",
			 e->port, e->by);
		letgo_end(d->letgo, i);
		d->dirty = true;
	}
}

size_t domains_reconcile(struct domains *d, struct reconcile_set *seen)
{
	size_t later = look_at_known(d, seen);

	add_unknown(d, seen);
	later += look_at_devices(d, seen);
	later += look_at_passed(d, seen);
	if (d->dirty)
		domains_save_soon(d);
	return later;
}
