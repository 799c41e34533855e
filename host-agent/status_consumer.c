#include "host-agent/status_consumer.h"

#include <string.h>

#include "host-agent/consumer.h"
#include "host-agent/containers.h"
#include "host-agent/status_domain.h"

json_t *status_count(uint64_t n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

static json_t *status_peer(const struct consumer *c)
{
	if (!c->connected || !c->peer.pid)
		return json_null();
	return json_pack("{s:I, s:I, s:I}", "pid", (json_int_t)c->peer.pid,
			 "uid", (json_int_t)c->peer.uid, "gid",
			 (json_int_t)c->peer.gid);
}

static json_t *status_latency(const struct latency *l)
{
	json_t *o = json_object();

	json_object_set_new(o, "count", status_count(l->count));
	json_object_set_new(o, "p50", status_count(latency_permille(l, 500)));
	json_object_set_new(o, "p99", status_count(latency_permille(l, 990)));
	json_object_set_new(o, "max", status_count(l->max_us));
	/* of the QEMU that started last, if it was answered yet */
	json_object_set_new(o, "first",
			    l->known ? status_count(l->first_us) : json_null());
	return o;
}

static uint64_t throttled(const struct consumer *c)
{
	return c->entry ? sched_throttled(c->entry) + sched_throttled(c->light)
			: 0;
}

static void add_counts(json_t *o, const struct consumer *c)
{
	const struct {
		const char *name;
		uint64_t value;
	} counts[] = {
		{ "since", (uint64_t)c->since_s },
		{ "owed", c->owed },
		{ "ahead", c->ahead },
		{ "asked", c->asked },
		{ "delivered", c->delivered },
		{ "discarded", c->discarded },
		{ "pushed", c->pushed },
		{ "requests", c->requests },
		{ "connections", c->connections },
		{ "refused", c->refused },
		{ "kernel_bytes", c->service.kernel_bytes },
		{ "throttled", throttled(c) },
		{ "rate", c->limits.rate_bytes },
		{ "burst", c->limits.burst_bytes },
		{ "weight", c->limits.weight },
	};
	size_t i;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		json_object_set_new(o, counts[i].name,
				    status_count(counts[i].value));
}

static void status_service(json_t *o, const struct consumer *c,
			   enum service_supply supply)
{
	const struct service *s = &c->service;
	const struct service_policy *p = &s->policy;
	json_t *drbg = json_null();

	json_object_set_new(o, "class",
			    json_string(service_class_name(p->class)));
	json_object_set_new(o, "when_absent",
			    json_string(service_absent_name(p->when_absent)));
	json_object_set_new(o, "supply",
			    json_string(service_supply_name(supply)));
	json_object_set_new(o, "override", json_boolean(c->override));
	json_object_set_new(o, "policy_from",
			    json_string(status_policy_from(c)));
	if (p->class == SERVICE_DRBG)
		drbg = json_pack("{s:o, s:o, s:o}", "seeds",
				 status_count(s->seeds), "reseeds",
				 status_count(s->reseeds), "since_seed_bytes",
				 status_count(s->since_seed_bytes));
	json_object_set_new(o, "drbg", drbg);
}

json_t *status_consumer(const struct consumer *c, enum service_supply supply)
{
	json_t *o = json_object();

	json_object_set_new(o, "kind",
			    json_string(consumer_kind_name(c->kind)));
	json_object_set_new(o, "name", json_string(c->name));
	json_object_set_new(o, "uuid", json_string(c->uuid));
	json_object_set_new(o, "socket", json_string(c->path));
	json_object_set_new(o, "no_socket",
			    c->no_socket ? json_string(c->no_socket)
					 : json_null());
	json_object_set_new(o, "connected", json_boolean(c->connected));
	json_object_set_new(o, "peer", status_peer(c));
	json_object_set_new(o, "domain", status_domain(c));
	status_service(o, c, supply);
	add_counts(o, c);
	json_object_set_new(o, "latency_us", status_latency(&c->latency));
	return o;
}

/* What it took by its socket is added to what it took by its terminal. */
static void add_second(json_t *o, const struct consumer *c)
{
	static const char *const sums[] = {
		"owed",	   "ahead",	   "asked",	  "delivered",
		"pushed",  "requests",	   "connections", "discarded",
		"refused", "kernel_bytes", "throttled",
	};
	json_t *other = json_object(), *mine;
	size_t i;

	add_counts(other, c);
	for (i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
		mine = json_object_get(o, sums[i]);
		json_integer_set(
			mine, json_integer_value(mine) +
				      json_integer_value(
					      json_object_get(other, sums[i])));
	}
	json_decref(other);
}

static json_t *status_container(const struct container *t)
{
	struct container_view v;
	json_t *o;

	containers_view(t, &v);
	o = status_consumer(v.main, v.supply);
	json_object_set_new(o, "name", json_string(v.id));
	json_object_set_new(o, "uuid", json_string(""));
	json_object_set_new(o, "socket", json_boolean(v.socket));
	json_object_set_new(o, "lacks",
			    v.lacks ? json_string(v.lacks) : json_null());
	json_object_set_new(o, "device",
			    json_string(consumer_device_name(v.device)));
	json_object_set_new(o, "node",
			    v.node ? json_string(v.node) : json_null());
	json_object_set_new(o, "stalled", json_boolean(v.stalled));
	json_object_set_new(o, "phase",
			    json_string(consumer_phase_name(v.phase)));
	json_object_set_new(o, "pid", json_integer(v.pid));
	json_object_set_new(o, "override", json_boolean(v.override));
	if (v.second && v.second->no_socket)
		json_object_set_new(o, "no_socket",
				    json_string(v.second->no_socket));
	json_object_set_new(o, "foreign", status_count(v.foreign));
	if (v.second) {
		json_object_set_new(
			o, "connected",
			json_boolean(v.main->connected || v.second->connected));
		add_second(o, v.second);
	}
	return o;
}

void status_add_containers(json_t *list, struct containers *c)
{
	struct container *t = NULL;

	while (c && (t = containers_next(c, t)))
		json_array_append_new(list, status_container(t));
}
