#include "hooks/policy.h"

#define METADATA_DEPTH 3 /* of what stands in <metadata> */
#define DIGITS_MAX     20

static bool is_number(struct slice v, unsigned long min, unsigned long max,
		      unsigned long *out)
{
	unsigned long n = 0;
	size_t i;

	if (!v.len || v.len > DIGITS_MAX)
		return false;
	for (i = 0; i < v.len; i++) {
		if (v.at[i] < '0' || v.at[i] > '9')
			return false;
		n = n * 10 + (unsigned long)(v.at[i] - '0');
		if (n > max)
			return false;
	}
	*out = n;
	return n >= min;
}

static bool is_word(struct slice v, const char *const *words,
		    char out[static POLICY_WORD_MAX])
{
	for (; *words; words++) {
		if (!slice_is(v, *words))
			continue;
		memcpy(out, *words, v.len + 1);
		return true;
	}
	return false;
}

static bool take_class(struct policy *p, struct slice v)
{
	static const char *const words[] = { "raw", "drbg", "seed", NULL };

	return is_word(v, words, p->class);
}

static bool take_when_absent(struct policy *p, struct slice v)
{
	static const char *const words[] = { "hold", "kernel", "refuse", NULL };

	return is_word(v, words, p->when_absent);
}

static bool take_rate(struct policy *p, struct slice v)
{
	p->has_rate = is_number(v, 0, POLICY_RATE_MAX, &p->rate);
	return p->has_rate;
}

static bool take_burst(struct policy *p, struct slice v)
{
	p->has_burst = is_number(v, 0, POLICY_BURST_MAX, &p->burst);
	return p->has_burst;
}

static bool take_weight(struct policy *p, struct slice v)
{
	p->has_weight = is_number(v, 1, POLICY_WEIGHT_MAX, &p->weight);
	return p->has_weight;
}

static const struct {
	const char *name;
	bool (*take)(struct policy *p, struct slice v);
} attributes[] = {
	{ "class", take_class },
	{ "rate", take_rate },
	{ "burst", take_burst },
	{ "weight", take_weight },
	{ "when-absent", take_when_absent },
};

static void take(struct policy *out, const struct policy_attribute *a)
{
	size_t i;

	for (i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		if (slice_is(a->name, attributes[i].name))
			break;
	if (i == sizeof(attributes) / sizeof(attributes[0]) ||
	    !attributes[i].take(out, a->value))
		out->senseless = true;
}

/* Of a name without a colon. */
static bool is_start(struct slice name)
{
	char c = name.len ? *name.at : '\0';

	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (unsigned char)c >= 0x80;
}

/* What cannot be bound, by "Namespaces in XML" 1.0, clauses 3 and 5. */
static bool is_bindable(struct slice prefix, struct slice uri)
{
	return !prefix.len ||
	       (is_start(prefix) && uri.len && !slice_is(prefix, "xml") &&
		!slice_is(prefix, "xmlns"));
}

/* The prefix that an attribute binds: true if it does. */
static bool is_binding(struct slice name, struct slice *prefix)
{
	static const char word[] = "xmlns";
	size_t len = sizeof(word) - 1;

	if (name.len < len || memcmp(name.at, word, len) != 0)
		return false;
	if (name.len > len && name.at[len] != ':')
		return false;
	prefix->at = name.at + len + (name.len > len);
	prefix->len = name.len - len - (name.len > len);
	return true;
}

void policy_attribute(struct policy_scan *s, size_t depth, struct slice name,
		      struct slice value)
{
	struct policy_binding *b = &s->bindings[s->bindings_count];
	struct slice prefix;

	if (is_binding(name, &prefix)) {
		if (!is_bindable(prefix, value))
			return;
		if (s->bindings_count == POLICY_BINDINGS_MAX) {
			s->blurred = true;
			return;
		}
		b->prefix = prefix;
		b->depth = depth;
		b->ours = slice_is(value, POLICY_URI);
		s->bindings_count++;
	} else if (depth == METADATA_DEPTH) {
		if (s->attributes_count == POLICY_ATTRIBUTES_MAX)
			return; /* counted as one too many already */
		s->attributes[s->attributes_count].name = name;
		s->attributes[s->attributes_count++].value = value;
	}
}

static bool is_ours(const struct policy_scan *s, struct slice prefix)
{
	size_t i = s->bindings_count;

	while (i--)
		if (slice_same(s->bindings[i].prefix, prefix))
			return s->bindings[i].ours;
	return false;
}

/* Its prefix, which may be empty; *name is what is left. */
static struct slice split(struct slice qname, struct slice *name)
{
	const char *colon = memchr(qname.at, ':', qname.len);
	struct slice prefix = { qname.at, 0 };

	*name = qname;
	if (colon) {
		prefix.len = (size_t)(colon - qname.at);
		name->at = colon + 1;
		name->len = qname.len - prefix.len - 1;
	}
	return prefix;
}

/* An attribute given twice is no XML: none of both is believed. */
static bool is_twice(const struct policy_scan *s)
{
	size_t i, j;

	for (i = 1; i < s->attributes_count; i++)
		for (j = 0; j < i; j++)
			if (slice_same(s->attributes[i].name,
				       s->attributes[j].name))
				return true;
	return false;
}

void policy_enter(struct policy_scan *s, size_t depth, struct slice qname,
		  struct policy *out)
{
	struct slice name, prefix = split(qname, &name);
	size_t i, count = s->attributes_count;

	if (depth == METADATA_DEPTH && is_start(name) && is_ours(s, prefix)) {
		s->inside = true;
		s->found++;
		if (!slice_is(name, "policy") || is_twice(s) ||
		    count == POLICY_ATTRIBUTES_MAX)
			s->blurred = true;
		for (i = 0; i < count; i++)
			take(out, &s->attributes[i]);
	}
	s->attributes_count = 0;
}

void policy_leave(struct policy_scan *s, size_t depth)
{
	while (s->bindings_count &&
	       s->bindings[s->bindings_count - 1].depth >= depth)
		s->bindings_count--;
	if (depth == METADATA_DEPTH)
		s->inside = false;
}

void policy_content(struct policy_scan *s)
{
	if (s->inside)
		s->blurred = true;
}

void policy_end(const struct policy_scan *s, struct policy *out)
{
	if (!s->found || (s->found == 1 && !s->blurred))
		return;
	memset(out, 0, sizeof(*out));
	out->senseless = true;
}
