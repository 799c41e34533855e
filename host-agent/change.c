#include "host-agent/change.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "host-agent/containers.h"
#include "host-agent/control.h"
#include "host-agent/egd_pub.h"
#include "host-agent/hostconf.h"

static int say(char *why, const char *text)
{
	snprintf(why, CONTROL_WHY_MAX, "%s", text);
	return -EINVAL;
}

static int take_class(struct change *c, const json_t *value, char *why)
{
	const char *name = json_string_value(value);
	int class = name ? service_class_parse(name) : -EINVAL;

	if (class < 0)
		return say(why, "class: not raw, drbg or seed");
	c->policy.class = (enum service_class) class;
	c->has_class = true;
	return 0;
}

static int take_absent(struct change *c, const json_t *value, char *why)
{
	const char *name = json_string_value(value);
	int policy = name ? service_absent_parse(name) : -EINVAL;

	if (policy < 0)
		return say(why, "when_absent: not hold, kernel or refuse");
	c->policy.when_absent = (enum service_absent)policy;
	c->has_absent = true;
	return 0;
}

static int take_number(const json_t *value, json_int_t min, json_int_t max,
		       uint64_t *out)
{
	json_int_t n = json_integer_value(value);

	if (!json_is_integer(value) || n < min || n > max)
		return -EINVAL;
	*out = (uint64_t)n;
	return 0;
}

static int take_rate(struct change *c, const json_t *value, char *why)
{
	c->has_rate = true;
	if (take_number(value, 0, HOSTCONF_RATE_MAX, &c->limits.rate_bytes))
		return say(why, "rate: not a number from 0 to 1000000000");
	return 0;
}

static int take_burst(struct change *c, const json_t *value, char *why)
{
	c->has_burst = true;
	if (take_number(value, 0, HOSTCONF_BURST_MAX, &c->limits.burst_bytes))
		return say(why, "burst: not a number from 0 to 1073741824");
	return 0;
}

static int take_weight(struct change *c, const json_t *value, char *why)
{
	uint64_t weight;

	if (take_number(value, 1, SCHED_WEIGHT_MAX, &weight))
		return say(why, "weight: not a number from 1 to 1000");
	c->has_weight = true;
	c->limits.weight = (unsigned int)weight;
	return 0;
}

static int take_consumer(struct change *c, const json_t *value, char *why)
{
	c->consumer = json_string_value(value);
	return c->consumer ? 0 : say(why, "consumer: not a string");
}

static int take_kind(struct change *c, const json_t *value, char *why)
{
	const char *name = json_string_value(value);

	for (c->kind = CONSUMER_CONTAINER; name && c->kind >= 0; c->kind--)
		if (!strcmp(consumer_kind_name((enum consumer_kind)c->kind),
			    name))
			return 0;
	return say(why, "kind: not domain, host or container");
}

static int take_cmd(struct change *c, const json_t *value, char *why)
{
	(void)c;
	(void)value;
	(void)why;
	return 0;
}

static const struct {
	const char *name;
	int (*take)(struct change *c, const json_t *value, char *why);
} keys[] = {
	{ "cmd", take_cmd },	   { "consumer", take_consumer },
	{ "class", take_class },   { "when_absent", take_absent },
	{ "rate", take_rate },	   { "burst", take_burst },
	{ "weight", take_weight }, { "kind", take_kind },
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

int change_parse(const json_t *request, struct change *out, char *why)
{
	const json_t *value;
	size_t i, known = 0;
	int r;

	memset(out, 0, sizeof(*out));
	out->kind = -1;
	for (i = 0; i < KEYS; i++) {
		value = json_object_get(request, keys[i].name);
		if (!value)
			continue;
		known++;
		r = keys[i].take(out, value, why);
		if (r < 0)
			return r;
	}
	if (known != json_object_size(request))
		return say(why, "only consumer, kind, class, when_absent, "
				"rate, burst and weight can be given");
	if (!out->consumer)
		return say(why, "no consumer is named");
	if (!out->has_class && !out->has_absent && !out->has_rate &&
	    !out->has_burst && !out->has_weight)
		return say(why, "nothing to change: give class, when_absent, "
				"rate, burst or weight");
	return 0;
}

void change_apply(const struct change *change, struct service_policy *policy,
		  struct sched_limits *limits)
{
	if (change->has_class)
		policy->class = change->policy.class;
	if (change->has_absent)
		policy->when_absent = change->policy.when_absent;
	if (change->has_rate)
		limits->rate_bytes = change->limits.rate_bytes;
	if (change->has_burst)
		limits->burst_bytes = change->limits.burst_bytes;
	if (change->has_weight)
		limits->weight = change->limits.weight;
}

/* "host" is the host's kernel; a domain of that name has its UUID. */
static bool is_named(const struct consumer *c, const char *word)
{
	if (c->kind == CONSUMER_HOST)
		return !strcmp(word, "host");
	return (strcmp(word, "host") && !strcmp(c->name, word)) ||
	       !strcasecmp(c->uuid, word);
}

static struct egd_sock *find(struct egd_pub *pub, const struct change *change)
{
	struct egd_sock *s = NULL;
	const struct consumer *c;

	while ((s = egd_pub_next(pub, s))) {
		c = egd_pub_consumer(s);
		if (c->kind != CONSUMER_CONTAINER &&
		    (change->kind < 0 || (int)c->kind == change->kind) &&
		    is_named(c, change->consumer))
			break;
	}
	return s;
}

/* A consumer that can be changed: a socket's, or a container. */
struct target {
	struct egd_sock *sock; /* NULL: it is the container */
	struct container *container;
	const struct consumer *consumer;
};

static int find_container(struct containers *all, const char *id,
			  struct target *out)
{
	struct container_view view;

	out->container = all ? containers_find(all, id) : NULL;
	if (!out->container)
		return -ENOENT;
	containers_view(out->container, &view);
	out->consumer = view.main;
	return 0;
}

static int find_target(const struct change_targets *all,
		       const struct change *change, struct target *out)
{
	memset(out, 0, sizeof(*out));
	if (change->kind != CONSUMER_CONTAINER)
		out->sock = find(all->pub, change);
	if (out->sock) {
		out->consumer = egd_pub_consumer(out->sock);
		return 0;
	}
	if (change->kind >= 0 && change->kind != CONSUMER_CONTAINER)
		return -ENOENT;
	return find_container(all->containers, change->consumer, out);
}

static int set_service(const struct target *t, const struct change *change,
		       const struct service_policy *policy)
{
	if (!change->has_class && !change->has_absent)
		return 0;
	return t->sock ? egd_pub_set_service(t->sock, policy)
		       : containers_set_service(t->container, policy);
}

static int set_limits(const struct target *t, const struct change *change,
		      const struct sched_limits *limits)
{
	if (!change->has_rate && !change->has_burst && !change->has_weight)
		return 0;
	if (!t->sock)
		return containers_set_limits(t->container, limits);
	egd_pub_set_limits(t->sock, limits);
	return 0;
}

static int apply(const struct target *t, const struct change *change, char *why)
{
	struct service_policy policy = t->consumer->service.policy;
	struct sched_limits limits = t->consumer->limits;
	int r;

	change_apply(change, &policy, &limits);
	r = set_service(t, change, &policy);
	if (r == 0)
		r = set_limits(t, change, &limits);
	if (r == -ENODEV)
		say(why, "the container gets no bytes of this agent");
	else if (r < 0)
		say(why, "no locked memory for a DRBG: raise LimitMEMLOCK=");
	return r;
}

static json_t *describe(const struct consumer *c)
{
	const struct service_policy *p = &c->service.policy;

	log_info("%s %s: set until the next reload: class %s, when_absent %s, "
		 "rate %llu, burst %llu, weight %u",
		 consumer_kind_name(c->kind), c->name,
		 service_class_name(p->class),
		 service_absent_name(p->when_absent),
		 (unsigned long long)c->limits.rate_bytes,
		 (unsigned long long)c->limits.burst_bytes, c->limits.weight);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:b}",
			 "kind", consumer_kind_name(c->kind), "name", c->name,
			 "uuid", c->uuid, "class", service_class_name(p->class),
			 "when_absent", service_absent_name(p->when_absent),
			 "rate", (json_int_t)c->limits.rate_bytes, "burst",
			 (json_int_t)c->limits.burst_bytes, "weight",
			 (json_int_t)c->limits.weight, "override", 1);
}

json_t *change_consumer(void *targets, const json_t *request, char *why)
{
	struct change change;
	struct target t;
	char shown[80];

	if (change_parse(request, &change, why) < 0)
		return NULL;
	if (find_target(targets, &change, &t) < 0) {
		snprintf(why, CONTROL_WHY_MAX,
			 "no consumer %s: see onerngctl domain list",
			 log_escape(shown, sizeof(shown), change.consumer,
				    strlen(change.consumer)));
		return NULL;
	}
	if (apply(&t, &change, why) < 0)
		return NULL;
	if (t.sock)
		egd_pub_set_override(t.sock, true);
	else
		containers_set_override(t.container, true);
	return describe(t.consumer);
}
