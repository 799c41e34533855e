#include "libvirt-xml/domain_finding.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *command_for(const char *command, const char *ref)
{
	const char *place = strstr(command, "%s");
	char *text;

	if (!place)
		return strdup(command);
	if (asprintf(&text, "%.*s%s%s", (int)(place - command), command, ref,
		     place + 2) < 0)
		return NULL;
	return text;
}

void domain_finding_add(struct domain_checking *c,
			const struct domain_rule *rule, const xmlNode *node,
			const char *format, ...)
{
	struct domain_finding *f;
	va_list ap;

	if (c->err || c->findings->count == DOMAIN_FINDINGS_MAX)
		return;
	f = &c->findings->finding[c->findings->count++];
	*f = (struct domain_finding){ .code = rule->code,
				      .severity = rule->severity,
				      .why = rule->why };
	f->line = node ? domain_node_line(c->xml, node) : 0;
	va_start(ap, format);
	if (vasprintf(&f->what, format, ap) < 0)
		f->what = NULL;
	va_end(ap);
	f->command = command_for(rule->command, c->ref);
	if (!f->what || !f->command)
		c->err = -ENOMEM;
}

void domain_findings_clear(struct domain_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		free(findings->finding[i].what);
		free(findings->finding[i].command);
	}
	findings->count = 0;
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
	static const struct domain_rule rule = {
		"policy-malformed", DOMAIN_ERROR,
		"nothing of a policy is followed as long as a part of it is "
		"not understood",
		"virsh edit %s"
	};
	struct domain_policy policy;
	struct domain_error error;

	if (domain_policy_read(c->xml, &policy, &error) >= 0)
		return;
	domain_finding_add(c, &rule, NULL, "%s", error.text);
	if (c->findings->count)
		c->findings->finding[c->findings->count - 1].line = error.line;
}

int domain_check(const struct domain_xml *xml, const struct domain_facts *facts,
		 struct domain_findings *findings)
{
	struct domain_checking c = { .xml = xml,
				     .facts = facts,
				     .findings = findings };
	struct domain_error error;

	findings->count = 0;
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
	if (c.err)
		domain_findings_clear(findings);
	return c.err;
}

const char *domain_severity_name(enum domain_severity severity)
{
	static const char *const names[] = { "note", "warning", "error" };

	return names[severity];
}

json_t *domain_findings_json(const struct domain_findings *findings)
{
	json_t *list = json_array(), *one;

	for (size_t i = 0; list && i < findings->count; i++) {
		const struct domain_finding *f = &findings->finding[i];

		one = json_pack(
			"{s:s, s:s, s:o, s:s, s:s, s:s}", "code", f->code,
			"severity", domain_severity_name(f->severity), "line",
			f->line ? json_integer(f->line) : json_null(), "what",
			f->what, "why", f->why, "command", f->command);
		if (json_array_append_new(list, one)) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

bool domain_qemu_detach_unsafe(unsigned long version)
{
	/* The stable series of 10.0 has it from its thirteenth release on. */
	return version / 1000 != 10000 || version % 1000 < 13;
}
