#include "host-agent/wish.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "host-agent/hostconf.h"

static int say(char *why, const char *text)
{
	snprintf(why, WISH_WHY_MAX, "%s", text);
	return -EINVAL;
}

static int take_class(struct wish *w, const json_t *value, char *why)
{
	const char *name = json_string_value(value);
	int class = name ? service_class_parse(name) : -EINVAL;

	if (class < 0)
		return say(why, "class: not raw, drbg or seed");
	w->policy.class = (enum service_class) class;
	w->has_class = true;
	return 1;
}

static int take_absent(struct wish *w, const json_t *value, char *why)
{
	const char *name = json_string_value(value);
	int policy = name ? service_absent_parse(name) : -EINVAL;

	if (policy < 0)
		return say(why, "when_absent: not hold, kernel or refuse");
	w->policy.when_absent = (enum service_absent)policy;
	w->has_absent = true;
	return 1;
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

static int take_rate(struct wish *w, const json_t *value, char *why)
{
	if (take_number(value, 0, HOSTCONF_RATE_MAX, &w->limits.rate_bytes))
		return say(why, "rate: not a number from 0 to 1000000000");
	w->has_rate = true;
	return 1;
}

static int take_burst(struct wish *w, const json_t *value, char *why)
{
	if (take_number(value, 0, HOSTCONF_BURST_MAX, &w->limits.burst_bytes))
		return say(why, "burst: not a number from 0 to 1073741824");
	w->has_burst = true;
	return 1;
}

static int take_weight(struct wish *w, const json_t *value, char *why)
{
	uint64_t weight;

	if (take_number(value, 1, SCHED_WEIGHT_MAX, &weight))
		return say(why, "weight: not a number from 1 to 1000");
	w->limits.weight = (unsigned int)weight;
	w->has_weight = true;
	return 1;
}

static const struct {
	const char *name;
	int (*take)(struct wish *w, const json_t *value, char *why);
} members[] = {
	{ "class", take_class },   { "when_absent", take_absent },
	{ "rate", take_rate },	   { "burst", take_burst },
	{ "weight", take_weight },
};

#define MEMBERS (sizeof(members) / sizeof(members[0]))

int wish_take(struct wish *w, const char *key, const json_t *value, char *why)
{
	size_t i;

	for (i = 0; i < MEMBERS; i++)
		if (!strcmp(members[i].name, key))
			return members[i].take(w, value, why);
	return 0;
}

int wish_parse(struct wish *w, const json_t *o, char *why)
{
	/* jansson's iterators take no const */
	json_t *object = (json_t *)(uintptr_t)o;
	void *i;
	int r;

	memset(w, 0, sizeof(*w));
	if (!json_is_object(o))
		return say(why, "not an object");
	for (i = json_object_iter(object); i;
	     i = json_object_iter_next(object, i)) {
		r = wish_take(w, json_object_iter_key(i),
			      json_object_iter_value(i), why);
		if (r == 0)
			r = say(why, "only class, when_absent, rate, burst "
				     "and weight can be given");
		if (r < 0)
			return r;
	}
	return 0;
}

static json_t *word(bool has, const char *value)
{
	return has ? json_string(value) : NULL;
}

static json_t *number(bool has, uint64_t value)
{
	return has ? json_integer((json_int_t)value) : NULL;
}

json_t *wish_json(const struct wish *w)
{
	return json_pack(
		"{s:o*, s:o*, s:o*, s:o*, s:o*}", "class",
		word(w->has_class, service_class_name(w->policy.class)),
		"when_absent",
		word(w->has_absent, service_absent_name(w->policy.when_absent)),
		"rate", number(w->has_rate, w->limits.rate_bytes), "burst",
		number(w->has_burst, w->limits.burst_bytes), "weight",
		number(w->has_weight, w->limits.weight));
}

bool wish_is_empty(const struct wish *w)
{
	return !w->has_class && !w->has_absent && !w->has_rate &&
	       !w->has_burst && !w->has_weight;
}

bool wish_same(const struct wish *a, const struct wish *b)
{
	return a->has_class == b->has_class && a->has_absent == b->has_absent &&
	       a->has_rate == b->has_rate && a->has_burst == b->has_burst &&
	       a->has_weight == b->has_weight &&
	       (!a->has_class || a->policy.class == b->policy.class) &&
	       (!a->has_absent ||
		a->policy.when_absent == b->policy.when_absent) &&
	       (!a->has_rate || a->limits.rate_bytes == b->limits.rate_bytes) &&
	       (!a->has_burst ||
		a->limits.burst_bytes == b->limits.burst_bytes) &&
	       (!a->has_weight || a->limits.weight == b->limits.weight);
}

void wish_apply(const struct wish *w, struct service_policy *policy,
		struct sched_limits *limits)
{
	if (w->has_class)
		policy->class = w->policy.class;
	if (w->has_absent)
		policy->when_absent = w->policy.when_absent;
	if (w->has_rate)
		limits->rate_bytes = w->limits.rate_bytes;
	if (w->has_burst)
		limits->burst_bytes = w->limits.burst_bytes;
	if (w->has_weight)
		limits->weight = w->limits.weight;
}
