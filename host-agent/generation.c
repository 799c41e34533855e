#include "host-agent/generation.h"

static void count(struct consumer_domain *d, enum consumer_origin origin)
{
	d->generation++;
	d->origin = d->next ? d->next : origin;
	d->next = CONSUMER_ORIGIN_NONE;
}

void generation_told(struct consumer_domain *d, uint64_t now_us)
{
	bool late = d->untold_us &&
		    now_us < d->untold_us + GENERATION_LATE_S * 1000000ull;

	d->untold_us = 0;
	d->phase = CONSUMER_STARTING;
	if (late) {
		d->origin = d->next ? d->next : CONSUMER_ORIGIN_START;
		d->next = CONSUMER_ORIGIN_NONE;
		return;
	}
	count(d, CONSUMER_ORIGIN_START);
	d->boot_due = true;
}

void generation_ended(struct consumer_domain *d)
{
	d->untold_us = 0;
	d->next = CONSUMER_ORIGIN_NONE;
	d->boot_due = false;
}

bool generation_arrives(struct consumer_domain *d,
			const struct consumer_peer *peer, uint64_t now_us)
{
	bool is_other = consumer_peer_is_new(&d->counted, peer);
	bool untold = is_other && d->counted.pid && !d->boot_due;

	d->unsaved |= is_other || d->boot_due;
	d->boot_due = false;
	d->counted = *peer;
	if (!untold)
		return false;
	count(d, CONSUMER_ORIGIN_NONE);
	d->untold_us = now_us;
	d->released_us = 0;
	if (d->phase != CONSUMER_UNKNOWN)
		d->phase = CONSUMER_RUNNING;
	return true;
}
