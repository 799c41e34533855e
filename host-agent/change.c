#include "host-agent/change.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "host-agent/containers.h"
#include "host-agent/control.h"
#include "host-agent/egd_pub.h"

static int say(char *why, const char *text)
{
	snprintf(why, CONTROL_WHY_MAX, "%s", text);
	return -EINVAL;
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

/* 1 if it is one of the request's own members, 0 if not, or -EINVAL. */
static int take_own(struct change *c, const char *key, const json_t *value,
		    char *why)
{
	if (!strcmp(key, "cmd"))
		return 1;
	if (!strcmp(key, "kind"))
		return take_kind(c, value, why) < 0 ? -EINVAL : 1;
	if (strcmp(key, "consumer") != 0)
		return 0;
	c->consumer = json_string_value(value);
	return c->consumer ? 1 : say(why, "consumer: not a string");
}

static int take(struct change *c, const char *key, const json_t *value,
		char *why)
{
	int r = take_own(c, key, value, why);

	if (r == 0)
		r = wish_take(&c->wish, key, value, why);
	if (r == 0)
		return say(why, "only consumer, kind, class, when_absent, "
				"rate, burst and weight can be given");
	return r < 0 ? r : 0;
}

int change_parse(const json_t *request, struct change *out, char *why)
{
	/* jansson's iterators take no const */
	json_t *o = (json_t *)(uintptr_t)request;
	void *i;
	int r;

	memset(out, 0, sizeof(*out));
	out->kind = -1;
	for (i = json_object_iter(o); i; i = json_object_iter_next(o, i)) {
		r = take(out, json_object_iter_key(i),
			 json_object_iter_value(i), why);
		if (r < 0)
			return r;
	}
	if (!out->consumer)
		return say(why, "no consumer is named");
	if (wish_is_empty(&out->wish))
		return say(why, "nothing to change: give class, when_absent, "
				"rate, burst or weight");
	return 0;
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
	if (!change->wish.has_class && !change->wish.has_absent)
		return 0;
	return t->sock ? egd_pub_set_service(t->sock, policy)
		       : containers_set_service(t->container, policy);
}

static int set_limits(const struct target *t, const struct change *change,
		      const struct sched_limits *limits)
{
	if (!change->wish.has_rate && !change->wish.has_burst &&
	    !change->wish.has_weight)
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

	wish_apply(&change->wish, &policy, &limits);
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
			 "no consumer %s: see onerngctl status",
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
