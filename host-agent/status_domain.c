#include "host-agent/status_domain.h"

#include "host-agent/consumer.h"

json_t *status_domain(const struct consumer *c)
{
	const struct consumer_domain *d = &c->domain;

	if (c->kind != CONSUMER_DOMAIN)
		return json_null();
	return json_pack("{s:s, s:s, s:I, s:s, s:b, s:I}", "libvirt_name",
			 d->name, "phase", consumer_phase_name(d->phase),
			 "generation", (json_int_t)d->generation, "origin",
			 consumer_origin_name(d->origin), "dynamic", d->dynamic,
			 "foreign", (json_int_t)d->foreign);
}

const char *status_policy_from(const struct consumer *c)
{
	if (c->domain.wished)
		return "domain";
	return c->domain.dynamic ? "default" : "config";
}
