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
	c->counts = left.counts;
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
	a->counts = c->counts;
	a->kernel_bytes = c->service.kernel_bytes;
}
