/* What is wrong with domains' random numbers, and how to mend it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/change.h"
#include "ctl/command.h"
#include "ctl/facts.h"
#include "ctl/report.h"
#include "ctl/virt.h"

struct checking {
	struct report report;
	struct virt *virt;
	struct facts facts;
};

static const struct opt options[] = {
	COMMAND_OPT_CONNECT,
	COMMAND_OPT_JSON,
	COMMAND_OPT_HELP,
	COMMAND_OPT_END,
};

static json_t *about(const struct virt_domain *d)
{
	return json_pack("{s:s, s:s, s:b, s:b}", "name", d->name, "uuid",
			 d->uuid, "running", d->active, "persistent",
			 d->persistent);
}

/* The configuration, which is what the commands mend, where there is one. */
static void check_one(struct checking *c, const struct virt_domain *d)
{
	struct findings findings;
	struct domain_facts facts;
	struct domain_error error;
	struct domain_xml *xml = NULL;
	char why[VIRT_WHY_MAX];
	char *text = virt_xml(c->virt, d,
			      d->persistent ? VIRT_XML_CONFIG : VIRT_XML_LIVE,
			      why);

	if (text)
		xml = domain_xml_parse(text, strlen(text), &error);
	if (!xml) {
		report_fail(&c->report, d->name, text ? error.text : why);
		free(text);
		return;
	}
	facts = facts_of(&c->facts, xml);
	facts.saved = virt_has_saved(c->virt, d);
	if (domain_check(xml, &facts, &findings) < 0)
		report_fail(&c->report, d->name, strerror(ENOMEM));
	else
		report_add(&c->report, d->name, about(d), &findings);
	findings_clear(&findings);
	domain_xml_free(xml);
	free(text);
}

static void check_all(struct checking *c)
{
	struct virt_domain *list;
	char why[VIRT_WHY_MAX];
	int i, n = virt_list(c->virt, &list, why);

	if (n < 0) {
		report_fail(&c->report, NULL, why);
		return;
	}
	for (i = 0; i < n; i++)
		check_one(c, &list[i]);
	virt_list_free(c->virt, list, n);
}

static void check_named(struct checking *c, const char *name)
{
	struct virt_domain d;
	char why[VIRT_WHY_MAX];

	if (virt_find(c->virt, name, &d, why) < 0) {
		report_fail(&c->report, NULL, why);
		return;
	}
	check_one(c, &d);
	virt_release(c->virt, &d);
}

static int run(void *ctx)
{
	const struct command_call *call = ctx;
	char run_dir[DOMAIN_RUN_DIR_MAX], why[VIRT_WHY_MAX];
	struct checking c;
	int i;

	if (change_run_dir(call, run_dir) < 0)
		return EXIT_FAILURE;
	c.virt = virt_open(call->uri, true, why);
	if (!c.virt)
		return command_complain(call, NULL, why);
	report_begin(&c.report, call, "domain");
	facts_gather(&c.facts, c.virt, run_dir);
	for (i = 0; i < call->operand_count; i++)
		check_named(&c, call->operands[i]);
	if (!call->operand_count)
		check_all(&c);
	virt_close(c.virt);
	return report_end(&c.report);
}

const struct command command_domain_check = {
	.words = { "domain", "check" },
	.options = options,
	.usage = PROGRAM " domain check [OPTIONS] [NAME...]",
	.help = "what is wrong with domains' random numbers",
	.call_size = sizeof(struct command_call),
	.run = run,
	.operand = "[NAME...]",
};
