#include "libvirt-xml/domain_finding.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

static bool starts(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

/*
 * What runs is as it is: where its configuration has not the same fault, it is
 * mended by its next start, and where it has none, by whoever starts it.
 */
static const char *command_of(const struct domain_checking *c,
			      const char *command)
{
	if (c->facts->side == DOMAIN_SIDE_CONFIG ||
	    (!starts(command, "virsh edit ") && !starts(command, "virt-xml ") &&
	     !starts(command, "onerngctl domain attach ")))
		return command;
	if (!strcmp(command, DOMAIN_ATTACH_LIVE))
		return command;
	if (c->facts->side == DOMAIN_SIDE_RUNNING)
		return "virsh shutdown %s # and once it is down: "
		       "virsh start %s";
	return "virsh dumpxml %s >%s.xml # mend that, and once it is down: "
	       "virsh create %s.xml";
}

static void vadd(struct domain_checking *c, const struct finding_rule *rule,
		 unsigned int line, const char *format, va_list ap)
	__attribute__((format(printf, 4, 0)));

static void vadd(struct domain_checking *c, const struct finding_rule *rule,
		 unsigned int line, const char *format, va_list ap)
{
	struct finding_rule own = *rule;

	own.command = command_of(c, rule->command);
	finding_vadd(c->findings, &own, c->ref, line, format, ap);
}

void domain_finding_add(struct domain_checking *c,
			const struct finding_rule *rule, const xmlNode *node,
			const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vadd(c, rule, node ? domain_node_line(c->xml, node) : 0, format, ap);
	va_end(ap);
}

static void add_at(struct domain_checking *c, const struct finding_rule *rule,
		   unsigned int line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void add_at(struct domain_checking *c, const struct finding_rule *rule,
		   unsigned int line, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vadd(c, rule, line, format, ap);
	va_end(ap);
}

static const char *ref_of(const struct domain_xml *xml)
{
	const char *name = domain_xml_name(xml);

	if (!isalnum((unsigned char)name[0]))
		return domain_xml_uuid(xml);
	for (const char *s = name; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("._-", *s))
			return domain_xml_uuid(xml);
	return name;
}

static void add_word(char *out, size_t size, const char *name,
		     const char *value)
{
	size_t used = strlen(out);

	snprintf(out + used, size - used, "%s%s %s", used ? ", " : "", name,
		 value);
}

static void add_number(char *out, size_t size, const char *name, bool has,
		       unsigned long long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", value);
	if (has)
		add_word(out, size, name, text);
}

/* What is followed of it, for people; "" for nothing. */
static void describe(const struct domain_policy *p, char *out, size_t size)
{
	out[0] = '\0';
	if (p->class)
		add_word(out, size, "class", p->class);
	add_number(out, size, "rate", p->has_rate, p->rate);
	add_number(out, size, "burst", p->has_burst, p->burst);
	add_number(out, size, "weight", p->has_weight, p->weight);
	if (p->when_absent)
		add_word(out, size, "when-absent", p->when_absent);
}

static void check_policy(struct domain_checking *c)
{
	static const struct finding_rule partly = {
		"policy-malformed", FINDING_WARNING,
		"what is not understood of it is left out, and what it would "
		"say is the host's to decide; domain attach refuses it",
		"virsh edit %s"
	};
	static const struct finding_rule wholly = {
		"policy-malformed", FINDING_ERROR,
		"it is not clear what was meant: the domain is served as one "
		"that has no policy; domain attach refuses it",
		"virsh edit %s"
	};
	struct domain_error error, ignored;
	struct domain_policy policy;
	char followed[160];
	int r;

	if (domain_policy_read(c->xml, &policy, &error) >= 0)
		return;
	r = domain_policy_salvage(c->xml, &policy, &ignored);
	describe(&policy, followed, sizeof(followed));
	add_at(c, r < 0 ? &wholly : &partly, error.line, "%s; followed: %s",
	       error.text, *followed ? followed : "nothing");
}

int domain_check(const struct domain_xml *xml, const struct domain_facts *facts,
		 struct findings *findings)
{
	struct domain_checking c = { .xml = xml,
				     .facts = facts,
				     .findings = findings };
	struct domain_error error;
	int err;

	*findings = (struct findings){ 0 };
	c.ref = ref_of(xml);
	if (!domain_search_begin(&c.search, xml, facts->run_dir, &error)) {
		domain_rng_find(xml, facts->run_dir, &c.ours, &error);
		c.our_rng = domain_search_next(&c.search, NULL);
	}
	domain_check_rngs(&c);
	check_policy(&c);
	domain_check_socket(&c);
	domain_check_usb(&c);
	domain_check_machine(&c);
	err = findings->err;
	if (err)
		findings_clear(findings);
	return err;
}

bool domain_qemu_detach_unsafe(unsigned long version)
{
	/* The stable series of 10.0 has it from its thirteenth release on. */
	return version / 1000 != 10000 || version % 1000 < 13;
}
