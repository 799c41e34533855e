#include "ctl/set.h"

#include <errno.h>
#include <limits.h>

static int take_number(const char *value, unsigned long long *out, bool *has,
		       const char **why)
{
	*why = "not a number";
	*has = true;
	return opt_u64(value, 0, INT_MAX, out);
}

int set_take_class(struct set *s, const char *value, const char **why)
{
	(void)why;
	s->class = value;
	return 0;
}

int set_take_absent(struct set *s, const char *value, const char **why)
{
	(void)why;
	s->when_absent = value;
	return 0;
}

int set_take_rate(struct set *s, const char *value, const char **why)
{
	return take_number(value, &s->rate, &s->has_rate, why);
}

int set_take_burst(struct set *s, const char *value, const char **why)
{
	return take_number(value, &s->burst, &s->has_burst, why);
}

int set_take_weight(struct set *s, const char *value, const char **why)
{
	return take_number(value, &s->weight, &s->has_weight, why);
}

static int add_text(json_t *o, const char *key, const char *value)
{
	return value ? json_object_set_new(o, key, json_string(value)) : 0;
}

static int add_number(json_t *o, const char *key, bool has,
		      unsigned long long value)
{
	if (!has)
		return 0;
	return json_object_set_new(o, key, json_integer((json_int_t)value));
}

json_t *set_request(const struct set *s, const char *consumer)
{
	json_t *o = json_pack("{s:s, s:s}", "cmd", "consumer-set", "consumer",
			      consumer);

	if (!o)
		return NULL;
	if (add_text(o, "kind", s->kind) || add_text(o, "class", s->class) ||
	    add_text(o, "when_absent", s->when_absent) ||
	    add_number(o, "rate", s->has_rate, s->rate) ||
	    add_number(o, "burst", s->has_burst, s->burst) ||
	    add_number(o, "weight", s->has_weight, s->weight)) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static long long number(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

void set_print(const json_t *r, FILE *out)
{
	fprintf(out,
		"%s: class %s, when_absent %s, rate %lld, burst %lld, "
		"weight %lld, until the agent's next reload\n",
		text(r, "name"), text(r, "class"), text(r, "when_absent"),
		number(r, "rate"), number(r, "burst"), number(r, "weight"));
}
