#include "host-agent/reconcile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 64

void reconcile_begin(struct reconcile_set *set, bool whole, uint64_t mark_us)
{
	reconcile_end(set);
	set->whole = whole;
	set->mark_us = mark_us;
}

int reconcile_add(struct reconcile_set *set, const struct reconcile_seen *seen)
{
	size_t room = set->room ? set->room * 2 : FIRST_ROOM;
	struct reconcile_seen *grown;

	if (set->count == RECONCILE_MAX)
		return -ENOSPC;
	if (set->count == set->room) {
		grown = reallocarray(set->seen, room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		set->seen = grown;
		set->room = room;
	}
	set->seen[set->count++] = *seen;
	return 0;
}

static int by_uuid(const void *a, const void *b)
{
	return strcmp(((const struct reconcile_seen *)a)->uuid,
		      ((const struct reconcile_seen *)b)->uuid);
}

void reconcile_sort(struct reconcile_set *set)
{
	size_t i, kept = 0;

	if (!set->count)
		return;
	qsort(set->seen, set->count, sizeof(*set->seen), by_uuid);
	for (i = 1; i < set->count; i++)
		if (by_uuid(&set->seen[kept], &set->seen[i]) != 0)
			set->seen[++kept] = set->seen[i];
	set->count = kept + 1;
}

void reconcile_end(struct reconcile_set *set)
{
	free(set->seen);
	memset(set, 0, sizeof(*set));
}

struct reconcile_seen *reconcile_find(const struct reconcile_set *set,
				      const char *uuid)
{
	struct reconcile_seen key;

	if (!set->count)
		return NULL;
	strncpy(key.uuid, uuid, sizeof(key.uuid) - 1);
	key.uuid[sizeof(key.uuid) - 1] = '\0';
	return bsearch(&key, set->seen, set->count, sizeof(key), by_uuid);
}

static bool is_up(enum consumer_phase phase)
{
	return phase == CONSUMER_PREPARING || phase == CONSUMER_STARTING ||
	       phase == CONSUMER_RUNNING;
}

/* The hook spoke so shortly before the mark that libvirt may lag behind it. */
static bool is_fresh(const struct consumer_domain *d, uint64_t mark_us)
{
	uint64_t guard_us = d->next != CONSUMER_ORIGIN_NONE
				    ? RECONCILE_COMING_US
				    : RECONCILE_GUARD_US;

	return d->told_us && d->told_us + guard_us > mark_us;
}

static enum reconcile_verdict when_running(const struct consumer_domain *d,
					   uint64_t mark_us)
{
	if (d->phase == CONSUMER_RUNNING)
		return RECONCILE_KEEP;
	return is_fresh(d, mark_us) ? RECONCILE_LATER : RECONCILE_RUNS;
}

static enum reconcile_verdict
when_not(const struct consumer *c, enum reconcile_state state, uint64_t mark_us)
{
	const struct consumer_domain *d = &c->domain;

	if (is_up(d->phase) && (c->connected || is_fresh(d, mark_us)))
		return RECONCILE_LATER;
	if (state == RECONCILE_UNDEFINED && d->dynamic && !c->connected)
		return RECONCILE_FORGET;
	return is_up(d->phase) ? RECONCILE_ENDED : RECONCILE_KEEP;
}

enum reconcile_verdict reconcile_domain(const struct consumer *c,
					enum reconcile_state state,
					uint64_t mark_us)
{
	if (c->domain.told_us > mark_us)
		return RECONCILE_KEEP;
	if (state == RECONCILE_RUNNING)
		return when_running(&c->domain, mark_us);
	return when_not(c, state, mark_us);
}

enum reconcile_verdict reconcile_device(uint64_t asked_us, bool has_peer,
					enum reconcile_state state,
					uint64_t mark_us)
{
	if (state == RECONCILE_RUNNING || asked_us > mark_us)
		return RECONCILE_KEEP;
	if (has_peer || asked_us + RECONCILE_GUARD_US > mark_us)
		return RECONCILE_LATER;
	return RECONCILE_ENDED;
}

enum reconcile_verdict reconcile_passed(const struct consumer *c,
					uint64_t ended_us, uint64_t mark_us)
{
	bool up = c && is_up(c->domain.phase);

	if (ended_us > mark_us || (c && c->domain.told_us > mark_us))
		return RECONCILE_KEEP;
	/* what a domain has that the hook just let go is still in the books */
	if ((ended_us && ended_us + RECONCILE_GUARD_US > mark_us) ||
	    (c && !up && is_fresh(&c->domain, mark_us)))
		return RECONCILE_LATER;
	return RECONCILE_RUNS;
}
