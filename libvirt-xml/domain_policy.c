#include "libvirt-xml/domain_policy_edit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/opt.h"

#define POLICY_TEXT_MAX 256

static int set_word(const char **out, const char *const *words,
		    const char *value)
{
	for (; *words; words++)
		if (!strcmp(*words, value)) {
			*out = *words;
			return 0;
		}
	return -EINVAL;
}

static int set_class(struct domain_policy *p, const char *value,
		     const char **why)
{
	static const char *const words[] = { "raw", "drbg", "seed", NULL };

	*why = "not raw, drbg or seed";
	return set_word(&p->class, words, value);
}

static int set_when_absent(struct domain_policy *p, const char *value,
			   const char **why)
{
	static const char *const words[] = { "hold", "kernel", "refuse", NULL };

	*why = "not hold, kernel or refuse";
	return set_word(&p->when_absent, words, value);
}

static int set_rate(struct domain_policy *p, const char *value,
		    const char **why)
{
	*why = "not a number from 0 to 1000000000";
	p->has_rate = !opt_u64(value, 0, DOMAIN_RATE_MAX, &p->rate);
	return p->has_rate ? 0 : -EINVAL;
}

static int set_burst(struct domain_policy *p, const char *value,
		     const char **why)
{
	*why = "not a number from 0 to 1073741824";
	p->has_burst = !opt_u64(value, 0, DOMAIN_BURST_MAX, &p->burst);
	return p->has_burst ? 0 : -EINVAL;
}

static int set_weight(struct domain_policy *p, const char *value,
		      const char **why)
{
	*why = "not a number from 1 to 1000";
	p->has_weight = !opt_u64(value, 1, DOMAIN_WEIGHT_MAX, &p->weight);
	return p->has_weight ? 0 : -EINVAL;
}

static const struct {
	const char *name;
	int (*set)(struct domain_policy *p, const char *value,
		   const char **why);
} attributes[] = {
	{ "class", set_class },
	{ "rate", set_rate },
	{ "burst", set_burst },
	{ "weight", set_weight },
	{ "when-absent", set_when_absent },
};

int domain_policy_set(struct domain_policy *policy, const char *name,
		      const char *value, const char **why)
{
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		if (!strcmp(attributes[i].name, name))
			return attributes[i].set(policy, value, why);
	*why = "not an attribute of a policy";
	return -EINVAL;
}

static bool is_ours(const xmlNode *node)
{
	return node->type == XML_ELEMENT_NODE && node->ns &&
	       !strcmp((const char *)node->ns->href, DOMAIN_POLICY_URI);
}

/* The first of ours from node on. */
static const xmlNode *ours_from(const xmlNode *node)
{
	while (node && !is_ours(node))
		node = node->next;
	return node;
}

static const xmlNode *first_of_ours(const struct domain_xml *xml)
{
	const xmlNode *metadata = domain_node_child(xml->root, "metadata");

	return metadata ? ours_from(metadata->children) : NULL;
}

static bool is_empty(const xmlNode *node)
{
	for (node = node->children; node; node = node->next)
		if (node->type != XML_COMMENT_NODE && !xmlIsBlankNode(node))
			return false;
	return true;
}

static int read_attribute(const xmlAttr *a, unsigned int line,
			  struct domain_policy *policy,
			  struct domain_error *error)
{
	const char *name = (const char *)a->name, *why;
	const char *value = a->children && a->children->content
				    ? (const char *)a->children->content
				    : "";

	if (a->ns)
		return domain_error_say(error, line,
					"policy: %.40s:%.40s: not an "
					"attribute of a policy",
					a->ns->prefix, name);
	if (!domain_policy_set(policy, name, value, &why))
		return 0;
	return domain_error_say(error, line, "policy: %.40s='%.40s': %s", name,
				value, why);
}

/* As domain_policy_read(), but for the attributes. */
static int find_policy(const struct domain_xml *xml, const xmlNode **found,
		       struct domain_error *error)
{
	const xmlNode *node = first_of_ours(xml);
	const xmlNode *second = node ? ours_from(node->next) : NULL;
	unsigned int line;

	*error = (struct domain_error){ 0 };
	*found = node;
	if (!node)
		return 0;
	line = domain_node_line(xml, node);
	if (strcmp((const char *)node->name, "policy") != 0)
		return domain_error_say(error, line,
					"policy: <%.40s> is not known",
					node->name);
	if (second)
		return domain_error_say(error, domain_node_line(xml, second),
					"policy: a second one");
	if (!is_empty(node))
		return domain_error_say(error, line,
					"policy: there is something in it; "
					"only attributes are known");
	return 1;
}

int domain_policy_read(const struct domain_xml *xml,
		       struct domain_policy *policy, struct domain_error *error)
{
	const xmlNode *node;
	int r = find_policy(xml, &node, error);

	*policy = (struct domain_policy){ 0 };
	for (const xmlAttr *a = r > 0 ? node->properties : NULL; a && r > 0;
	     a = a->next)
		if (read_attribute(a, domain_node_line(xml, node), policy,
				   error))
			r = -EINVAL;
	return r;
}

int domain_policy_salvage(const struct domain_xml *xml,
			  struct domain_policy *policy,
			  struct domain_error *error)
{
	const xmlNode *node;
	int r = find_policy(xml, &node, error);

	*policy = (struct domain_policy){ 0 };
	for (const xmlAttr *a = r > 0 ? node->properties : NULL; a; a = a->next)
		read_attribute(a, domain_node_line(xml, node), policy, error);
	return r;
}

static bool is_given(const struct domain_policy *p)
{
	return p->class || p->when_absent || p->has_rate || p->has_burst ||
	       p->has_weight;
}

static void add_word(FILE *out, const char *name, const char *value)
{
	if (value)
		fprintf(out, " %s='%s'", name, value);
}

static void add_number(FILE *out, const char *name, bool has,
		       unsigned long long value)
{
	if (has)
		fprintf(out, " %s='%llu'", name, value);
}

static void print(const struct domain_policy *p, FILE *out)
{
	fputs("<onerng:policy xmlns:onerng='" DOMAIN_POLICY_URI "'", out);
	add_word(out, "class", p->class);
	add_number(out, "rate", p->has_rate, p->rate);
	add_number(out, "burst", p->has_burst, p->burst);
	add_number(out, "weight", p->has_weight, p->weight);
	add_word(out, "when-absent", p->when_absent);
	fputs("/>", out);
}

static bool same_word(const char *a, const char *b)
{
	return a == b; /* both static, or both not given */
}

static bool same_number(bool has, unsigned long long a, bool has_other,
			unsigned long long b)
{
	return has == has_other && (!has || a == b);
}

static bool same(const struct domain_policy *a, const struct domain_policy *b)
{
	return same_word(a->class, b->class) &&
	       same_word(a->when_absent, b->when_absent) &&
	       same_number(a->has_rate, a->rate, b->has_rate, b->rate) &&
	       same_number(a->has_burst, a->burst, b->has_burst, b->burst) &&
	       same_number(a->has_weight, a->weight, b->has_weight, b->weight);
}

static void add(struct domain_edit *e, const char *text)
{
	const xmlNode *metadata = domain_node_child(e->xml->root, "metadata");
	struct domain_line line = { 0, text };
	char whole[POLICY_TEXT_MAX + 32];

	if (metadata) {
		domain_edit_add(e, metadata, &line, 1);
		return;
	}
	snprintf(whole, sizeof(whole), "<metadata>%s</metadata>", text);
	domain_edit_add_head(e, whole);
}

void domain_policy_drop(struct domain_edit *e)
{
	for (const xmlNode *node = first_of_ours(e->xml); node;
	     node = ours_from(node->next))
		domain_edit_remove(e, node, true);
}

/* Only the words of the table go in, so that nothing needs an escape. */
static int check(const struct domain_policy *p, struct domain_policy *checked,
		 struct domain_error *error)
{
	const char *why = NULL;

	*checked = *p;
	if ((p->class && set_class(checked, p->class, &why)) ||
	    (p->when_absent && set_when_absent(checked, p->when_absent, &why)))
		return domain_error_say(error, 0, "policy: %s", why);
	if ((p->has_rate && p->rate > DOMAIN_RATE_MAX) ||
	    (p->has_burst && p->burst > DOMAIN_BURST_MAX) ||
	    (p->has_weight && (p->weight < 1 || p->weight > DOMAIN_WEIGHT_MAX)))
		return domain_error_say(error, 0,
					"policy: a number out of its range");
	return 0;
}

int domain_policy_put(struct domain_edit *e, const struct domain_policy *policy,
		      struct domain_error *error)
{
	const xmlNode *node = first_of_ours(e->xml);
	struct domain_policy now, want;
	char text[POLICY_TEXT_MAX];
	FILE *out;

	if (check(policy, &want, error) ||
	    domain_policy_read(e->xml, &now, error) < 0)
		return -EINVAL;
	if (same(&now, &want))
		return 0;
	if (!is_given(&want)) {
		domain_policy_drop(e);
		return 0;
	}
	out = fmemopen(text, sizeof(text), "w");
	if (!out) {
		domain_error_say(error, 0, "out of memory");
		return -ENOMEM;
	}
	print(&want, out);
	fclose(out);
	if (node)
		domain_edit_replace(e, domain_node_span(e->xml, node)->start,
				    domain_node_span(e->xml, node)->end, text);
	else
		add(e, text);
	return 0;
}

int domain_policy_write(const struct domain_xml *xml,
			const struct domain_policy *policy, char **text,
			struct domain_error *error)
{
	struct domain_edit e;
	int err;

	*error = (struct domain_error){ 0 };
	*text = NULL;
	domain_edit_begin(&e, xml);
	err = domain_policy_put(&e, policy, error);
	return err ? domain_edit_abandon(&e, err)
		   : domain_edit_finish(&e, text, error);
}
