/* What is wrong with domains' random numbers, and how to mend it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/change.h"
#include "ctl/claims.h"
#include "ctl/command.h"
#include "ctl/facts.h"
#include "ctl/leftover.h"
#include "ctl/report.h"
#include "ctl/virt.h"
#include "libvirt-xml/domain_rng.h"

struct check_call {
	struct command_call call;
	struct registry registry;
};

struct checking {
	struct report report;
	const struct registry *registry;
	struct virt *virt;
	struct facts facts;
	struct claims claims;
	bool has_ours; /* the domain that is looked at, on either side */
};

static int set_drop_ins(void *call, const char *value, const char **why)
{
	(void)why;
	((struct check_call *)call)->registry.dir = value;
	return 0;
}

static const struct opt options[] = {
	{ "drop-ins", 0, "DIR", "where the agent was told (" REGISTER_DIR ")",
	  set_drop_ins },
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

static int check_xml(struct checking *c, const struct virt_domain *d,
		     const struct domain_xml *xml, enum domain_side side,
		     struct findings *findings)
{
	struct domain_facts facts = facts_of(&c->facts, xml);
	struct domain_error ignored;
	struct domain_rng rng;

	if (domain_rng_find(xml, facts.run_dir, &rng, &ignored) < 0 ||
	    rng.count)
		c->has_ours = true; /* or it is not known */
	facts.side = side;
	facts.saved = virt_has_saved(c->virt, d);
	facts.claims = c->claims.list;
	facts.claim_count = c->claims.count;
	if (domain_check(xml, &facts, findings) == 0)
		return 0;
	report_fail(&c->report, d->name, strerror(ENOMEM));
	return -ENOMEM;
}

/* 0, or -errno, said. */
static int check_side(struct checking *c, const struct virt_domain *d,
		      enum domain_side side, struct findings *findings)
{
	struct domain_error error;
	struct domain_xml *xml = NULL;
	char why[VIRT_WHY_MAX];
	char *text = virt_xml(c->virt, d,
			      side == DOMAIN_SIDE_CONFIG ? VIRT_XML_CONFIG
							 : VIRT_XML_LIVE,
			      why);
	int r = -EIO;

	if (text)
		xml = domain_xml_parse(text, strlen(text), &error);
	if (xml)
		r = check_xml(c, d, xml, side, findings);
	else
		report_fail(&c->report, d->name, text ? error.text : why);
	domain_xml_free(xml);
	free(text);
	return r;
}

/* What runs, beside what its next start has. */
static int check_both(struct checking *c, const struct virt_domain *d,
		      struct findings *findings)
{
	struct findings running = { 0 };
	int r = check_side(c, d, DOMAIN_SIDE_CONFIG, findings);

	if (r == 0)
		r = check_side(c, d, DOMAIN_SIDE_RUNNING, &running);
	if (r == 0)
		findings_join(findings, &running, "configuration", "running",
			      "both");
	findings_clear(&running);
	return r;
}

/* What detach --config of one that ran left to be done. */
static const struct finding_rule kept = {
	"left-over", FINDING_NOTE,
	"the host agent keeps a socket for a domain that has no device any "
	"more; detach --config leaves that to what runs, and takes it back "
	"once that has none either",
	"onerngctl domain detach %s --config"
};
static const struct finding_rule kept_transient = {
	"left-over", FINDING_NOTE,
	"the host agent keeps a socket for a domain that has no device any "
	"more",
	"onerngctl domain detach %s --live"
};

static void check_drop_in(struct checking *c, const struct virt_domain *d,
			  struct findings *findings)
{
	char path[REGISTER_PATH_MAX];

	register_domain_path(path, c->registry, d->uuid);
	/* what is saved may have it, and goes on with it */
	if (c->has_ours || virt_has_saved(c->virt, d) || access(path, F_OK) < 0)
		return;
	finding_add(findings, d->persistent ? &kept : &kept_transient, d->uuid,
		    0, "it has no <rng> of the host agent's, and %s is there",
		    path);
}

static void check_one(struct checking *c, const struct virt_domain *d)
{
	struct findings findings = { 0 };
	int r;

	c->has_ours = false;
	if (d->active && d->persistent)
		r = check_both(c, d, &findings);
	else
		r = check_side(c, d,
			       d->persistent ? DOMAIN_SIDE_CONFIG
					     : DOMAIN_SIDE_TRANSIENT,
			       &findings);
	if (r == 0)
		check_drop_in(c, d, &findings);
	if (findings.err)
		report_fail(&c->report, d->name, strerror(ENOMEM));
	else if (r == 0)
		report_add(&c->report, d->name, about(d), &findings);
	findings_clear(&findings);
}

static bool is_known(const struct checking *c, const char *uuid)
{
	for (int i = 0; i < c->claims.domain_count; i++)
		if (!strcmp(c->claims.domains[i].uuid, uuid))
			return true;
	return false;
}

/* The agent has it, by a section that attach did not write. */
static const struct finding_rule not_known = {
	"not-known", FINDING_NOTE,
	"it is right for a QEMU that is started without this libvirt; else the "
	"agent keeps a socket that nobody uses: its section can go, and "
	"systemctl reload onerng-hostd",
	"grep -rs %s " ONERNG_SYSCONFDIR "/onerng"
};
static const struct finding_rule left_over = {
	"left-over", FINDING_WARNING,
	"the host agent keeps a socket for a domain that is not there, and "
	"whoever defines one with its UUID gets its place",
	"onerngctl domain detach %s"
};
static const struct finding_rule goes = {
	"left-over", FINDING_NOTE,
	"nobody configured it, and it goes by itself: ten minutes after the "
	"domain was released, an hour after its QEMU was last seen if that was "
	"not told",
	"onerngctl domain detach %s"
};
static const struct finding_rule left_socket = {
	"left-over", FINDING_WARNING,
	"nobody listens there: an agent that was killed left it",
	"onerngctl domain detach %s"
};

static void judge(const struct leftover *l, struct findings *f)
{
	if (*l->drop_in)
		finding_add(f, &left_over, l->uuid, 0,
			    "libvirt does not know it, %s does", l->drop_in);
	else if (l->dynamic)
		finding_add(f, &goes, l->uuid, 0,
			    "libvirt does not know it, the host agent does");
	else if (l->consumer)
		finding_add(f, &not_known, l->uuid, 0,
			    "libvirt does not know it, the host agent's "
			    "configuration does");
	if (*l->socket)
		finding_add(f, &left_socket, l->uuid, 0,
			    "%s, of a domain that libvirt does not know",
			    l->socket);
}

static void check_left_over(struct checking *c, const struct leftover *l)
{
	struct findings findings = { 0 };

	/* one that is connected runs, for another libvirt or without one */
	if (l->connected || is_known(c, l->uuid))
		return;
	judge(l, &findings);
	if (findings.err)
		report_fail(&c->report, l->name, strerror(ENOMEM));
	else
		report_add(&c->report, l->name,
			   json_pack("{s:s, s:s, s:b, s:b}", "name", l->name,
				     "uuid", l->uuid, "running", 0,
				     "persistent", 0),
			   &findings);
	findings_clear(&findings);
}

static void check_left_overs(struct checking *c)
{
	struct leftovers all;
	char ignored[CLIENT_WHY_MAX];
	json_t *status = NULL;

	client_ask(c->registry->socket, "status", &status, ignored);
	if (leftovers_gather(&all, c->registry, c->facts.of_host.run_dir,
			     status) < 0)
		report_fail(&c->report, NULL, strerror(ENOMEM));
	for (size_t i = 0; i < all.count; i++)
		check_left_over(c, &all.list[i]);
	leftovers_free(&all);
	json_decref(status);
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

static void check_all(struct checking *c)
{
	for (int i = 0; i < c->claims.domain_count; i++)
		check_one(c, &c->claims.domains[i]);
	check_left_overs(c);
}

static void check(struct checking *c, const struct command_call *call)
{
	char why[VIRT_WHY_MAX];

	if (claims_gather(&c->claims, c->virt, &c->facts.of_host, why) < 0) {
		report_fail(&c->report, NULL, why);
		return;
	}
	for (int i = 0; i < call->operand_count; i++)
		check_named(c, call->operands[i]);
	if (!call->operand_count)
		check_all(c);
	claims_release(&c->claims, c->virt);
}

static int run(void *ctx)
{
	struct check_call *call = ctx;
	char run_dir[DOMAIN_RUN_DIR_MAX], why[VIRT_WHY_MAX];
	struct checking c = { .registry = &call->registry };

	call->registry.socket = call->call.socket;
	if (!call->registry.dir)
		call->registry.dir = REGISTER_DIR;
	if (change_run_dir(&call->call, run_dir) < 0)
		return EXIT_FAILURE;
	c.virt = virt_open(call->call.uri, true, why);
	if (!c.virt)
		return command_complain(&call->call, NULL, why);
	report_begin(&c.report, &call->call, "domain");
	facts_gather(&c.facts, c.virt, run_dir);
	check(&c, &call->call);
	virt_close(c.virt);
	return report_end(&c.report);
}

const struct command command_domain_check = {
	.words = { "domain", "check" },
	.options = options,
	.usage = PROGRAM " domain check [OPTIONS] [NAME...]",
	.help = "what is wrong with domains' random numbers",
	.call_size = sizeof(struct check_call),
	.run = run,
	.operand = "[NAME...]",
};
