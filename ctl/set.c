#include "ctl/set.h"

#include <stdbool.h>

static int add_number(json_t *o, const char *key, bool has,
		      unsigned long long value)
{
	if (!has)
		return 0;
	return json_object_set_new(o, key, json_integer((json_int_t)value));
}

json_t *set_request(const char *kind, const char *consumer,
		    const struct domain_policy *p)
{
	json_t *o = json_pack("{s:s, s:s, s:s*, s:s*, s:s*}", "cmd",
			      "consumer-set", "consumer", consumer, "kind",
			      kind, "class", p->class, "when_absent",
			      p->when_absent);

	if (!o)
		return NULL;
	if (add_number(o, "rate", p->has_rate, p->rate) ||
	    add_number(o, "burst", p->has_burst, p->burst) ||
	    add_number(o, "weight", p->has_weight, p->weight)) {
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
		"%s: class %s, when_absent %s, rate %lld B/s, burst %lld B, "
		"weight %lld, until the agent's next reload\n",
		text(r, "name"), text(r, "class"), text(r, "when_absent"),
		number(r, "rate"), number(r, "burst"), number(r, "weight"));
}
