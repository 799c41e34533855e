#include "host-agent/account.h"

#include <time.h>

#include "host-agent/consumer.h"
#include "host-agent/handover.h"

void account_begin(struct consumer *c, struct handover *h,
		   struct handover_record *r)
{
	struct handover_account left;

	c->account = r ? &r->account : NULL;
	c->since_s = time(NULL);
	if (!r || !handover_take_account(h, r->key, &left))
		return;
	c->since_s = left.since_s;
	c->asked = left.asked;
	c->delivered = left.delivered;
	c->discarded = left.discarded;
	c->pushed = left.pushed;
	c->requests = left.requests;
	c->connections = left.connections;
	c->refused = left.refused;
	c->service.kernel_bytes = left.kernel_bytes;
	account_save(c);
}

void account_goes_on(struct consumer *c)
{
	if (c->account && c->connected && c->connections > 1)
		c->connections--;
	account_save(c);
}

void account_save(const struct consumer *c)
{
	struct handover_account *a = c->account;

	if (!a)
		return;
	a->since_s = c->since_s;
	a->asked = c->asked;
	a->delivered = c->delivered;
	a->discarded = c->discarded;
	a->pushed = c->pushed;
	a->requests = c->requests;
	a->connections = c->connections;
	a->refused = c->refused;
	a->kernel_bytes = c->service.kernel_bytes;
}
