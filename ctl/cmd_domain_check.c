/* What is wrong with domains' random numbers, and how to mend it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "ctl/change.h"
#include "ctl/command.h"
#include "ctl/facts.h"
#include "ctl/virt.h"

#define EXIT_FINDINGS 3 /* a warning or an error */
#define SHOWN_MAX     256

struct checking {
	struct command_call *call;
	struct virt *virt;
	struct facts facts;
	json_t *list;
	size_t domains, findings;
	bool failed, bad;
};

static const struct opt options[] = {
	COMMAND_OPT_CONNECT,
	COMMAND_OPT_JSON,
	COMMAND_OPT_HELP,
	COMMAND_OPT_END,
};

static void complain(struct checking *c, const char *name, const char *why)
{
	char shown[SHOWN_MAX];

	command_complain(c->call,
			 log_escape(shown, sizeof(shown), name, strlen(name)),
			 why);
	c->failed = true;
}

static void print(const struct virt_domain *d, const struct finding *f)
{
	char name[SHOWN_MAX], what[SHOWN_MAX];

	printf("%s: %s: %s: %s\n",
	       log_escape(name, sizeof(name), d->name, strlen(d->name)),
	       finding_severity_name(f->severity), f->code,
	       log_escape(what, sizeof(what), f->what, strlen(f->what)));
	printf("    %s\n    %s\n", f->why, f->command);
}

static void report(struct checking *c, const struct virt_domain *d,
		   const struct findings *findings)
{
	size_t i;

	c->domains++;
	c->findings += findings->count;
	for (i = 0; i < findings->count; i++)
		c->bad |= findings->finding[i].severity > FINDING_NOTE;
	if (c->call->json) {
		json_array_append_new(
			c->list,
			json_pack("{s:s, s:s, s:b, s:b, s:o}", "name", d->name,
				  "uuid", d->uuid, "running", d->active,
				  "persistent", d->persistent, "findings",
				  findings_json(findings)));
		return;
	}
	for (i = 0; i < findings->count; i++)
		print(d, &findings->finding[i]);
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
		complain(c, d->name, text ? error.text : why);
		free(text);
		return;
	}
	facts = facts_of(&c->facts, xml);
	if (domain_check(xml, &facts, &findings) < 0)
		complain(c, d->name, strerror(ENOMEM));
	else
		report(c, d, &findings);
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
		command_complain(c->call, NULL, why);
		c->failed = true;
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
		command_complain(c->call, NULL, why);
		c->failed = true;
		return;
	}
	check_one(c, &d);
	virt_release(c->virt, &d);
}

static void sum_up(const struct checking *c)
{
	json_t *o;

	if (c->call->json) {
		o = json_pack("{s:O}", "domains", c->list);
		command_print_json(o);
		json_decref(o);
		return;
	}
	printf("%zu domain%s checked, %zu finding%s\n", c->domains,
	       c->domains == 1 ? "" : "s", c->findings,
	       c->findings == 1 ? "" : "s");
}

static int run(void *ctx)
{
	struct checking c = { .call = ctx };
	const struct command_call *call = c.call;
	char run_dir[DOMAIN_RUN_DIR_MAX], why[VIRT_WHY_MAX];
	int i;

	if (change_run_dir(call, run_dir) < 0)
		return EXIT_FAILURE;
	c.virt = virt_open(c.call->uri, true, why);
	if (!c.virt)
		return command_complain(call, NULL, why);
	c.list = json_array();
	facts_gather(&c.facts, c.virt, run_dir);
	for (i = 0; i < call->operand_count; i++)
		check_named(&c, call->operands[i]);
	if (!call->operand_count)
		check_all(&c);
	sum_up(&c);
	json_decref(c.list);
	virt_close(c.virt);
	if (command_flush(call) != EXIT_SUCCESS || c.failed)
		return EXIT_FAILURE;
	return c.bad ? EXIT_FINDINGS : EXIT_SUCCESS;
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
