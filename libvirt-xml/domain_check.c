#include "libvirt-xml/domain_finding.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

void domain_finding_add(struct domain_checking *c,
			const struct finding_rule *rule, const xmlNode *node,
			const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	finding_vadd(c->findings, rule, c->ref,
		     node ? domain_node_line(c->xml, node) : 0, format, ap);
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

static void check_policy(struct domain_checking *c)
{
	static const struct finding_rule rule = {
		"policy-malformed", FINDING_ERROR,
		"what is not understood of it is left out; the rest is "
		"followed",
		"virsh edit %s"
	};
	struct domain_policy policy;
	struct domain_error error;

	if (domain_policy_read(c->xml, &policy, &error) >= 0)
		return;
	finding_add(c->findings, &rule, c->ref, error.line, "%s", error.text);
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
