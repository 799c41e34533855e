#include "ctl/policy.h"

#include <errno.h>

enum style {
	ATTRIBUTES,
	KEYS,
};

bool policy_is_given(const struct domain_policy *p)
{
	return p->class || p->when_absent || p->has_rate || p->has_burst ||
	       p->has_weight;
}

static void overlay_number(unsigned long long *n, bool *has,
			   unsigned long long over, bool over_has)
{
	if (!over_has)
		return;
	*n = over;
	*has = true;
}

void policy_overlay(struct domain_policy *p, const struct domain_policy *over)
{
	if (over->class)
		p->class = over->class;
	if (over->when_absent)
		p->when_absent = over->when_absent;
	overlay_number(&p->rate, &p->has_rate, over->rate, over->has_rate);
	overlay_number(&p->burst, &p->has_burst, over->burst, over->has_burst);
	overlay_number(&p->weight, &p->has_weight, over->weight,
		       over->has_weight);
}

static void put_word(FILE *out, enum style style, const char *name,
		     const char *value)
{
	if (value && style == KEYS)
		fprintf(out, "%s=%s\n", name, value);
	else if (value)
		fprintf(out, " %s='%s'", name, value);
}

static void put_number(FILE *out, enum style style, const char *name,
		       unsigned long long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", value);
	put_word(out, style, name, text);
}

static void put(const struct domain_policy *p, enum style style, FILE *out)
{
	put_word(out, style, "class", p->class);
	if (p->has_rate)
		put_number(out, style, "rate", p->rate);
	if (p->has_burst)
		put_number(out, style, "burst", p->burst);
	if (p->has_weight)
		put_number(out, style, "weight", p->weight);
	put_word(out, style, style == KEYS ? "when_absent" : "when-absent",
		 p->when_absent);
}

int policy_element(const struct domain_policy *p,
		   char out[static POLICY_ELEMENT_MAX])
{
	FILE *f = fmemopen(out, POLICY_ELEMENT_MAX, "w");

	if (!f)
		return -ENOMEM;
	fputs("<policy", f);
	put(p, ATTRIBUTES, f);
	fputs("/>", f);
	return fclose(f) == 0 ? 0 : -ENOMEM;
}

void policy_print_keys(const struct domain_policy *p, FILE *out)
{
	put(p, KEYS, out);
}
