/* Gives a domain its <rng>, tells the agent of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/change.h"
#include "ctl/domain_tell.h"
#include "ctl/policy.h"

POLICY_SETTERS(struct change_call)

static const struct opt options[] = {
	CHANGE_OPT_LIVE,
	CHANGE_OPT_CONFIG,
	POLICY_OPTS,
	COMMAND_OPT_DRY_RUN(change_set_dry_run),
	COMMAND_OPT_NO_REGISTER(change_set_no_register),
	{ "drop-ins", 0, "DIR", "where the agent is told (" REGISTER_DIR ")",
	  change_set_drop_ins },
	COMMAND_OPT_CONNECT,
	COMMAND_OPT_JSON,
	COMMAND_OPT_HELP,
	COMMAND_OPT_END,
};

/* What it has already, and what was given over that. */
static int whole_policy(const struct change *c, const struct domain_xml *xml,
			struct domain_policy *out, struct domain_error *error)
{
	int r = domain_policy_read(xml, out, error);

	if (r < 0)
		return r;
	policy_overlay(out, &c->call->policy);
	return 0;
}

static int edit(const struct change *c, const struct domain_xml *xml,
		char **after, struct domain_error *error)
{
	struct domain_policy policy;
	int r = whole_policy(c, xml, &policy, error);

	if (r < 0)
		return r;
	return domain_rng_attach(xml, c->run_dir,
				 policy_is_given(&c->call->policy) ? &policy
								   : NULL,
				 after, error);
}

/* A device of a running domain cannot be changed, only added. */
static int check_live(const struct change *c)
{
	const struct domain_rng *rng = &c->live.rng;

	if (!c->live.wanted || !rng->count)
		return 0;
	if (rng->count == 1 && rng->own_path && rng->connects &&
	    rng->reconnects && !rng->rate)
		return 0;
	return change_complain(c, "the <rng> that it runs with is not as it "
				  "should be, and cannot be changed while it "
				  "runs: --config mends it for its next start");
}

static int attach_live(struct change *c)
{
	char why[VIRT_WHY_MAX], element[POLICY_ELEMENT_MAX];
	struct domain_policy policy;
	struct domain_error error;
	char *device = NULL;
	int r = 0;

	if (!c->live.rng.count) {
		if (domain_rng_device(c->live.xml, c->run_dir, &device,
				      &error) < 0)
			return change_complain(c, error.text);
		r = virt_attach_live(c->virt, &c->domain, device, why);
		free(device);
	}
	if (r == 0 && policy_is_given(&c->call->policy)) {
		whole_policy(c, c->live.xml, &policy, &error);
		policy_element(&policy, element);
		r = virt_metadata_live(c->virt, &c->domain, element,
				       DOMAIN_POLICY_URI, why);
	}
	return r < 0 ? change_complain(c, why) : 0;
}

/*
 * The policy is in what runs; libvirt's watcher may be down, and until the next
 * start nobody else would tell of it.
 */
static void tell_policy(const struct change *c)
{
	char why[VIRT_WHY_MAX], refused[CLIENT_WHY_MAX], *xml;
	char said[CLIENT_WHY_MAX + 64];
	const char *text = why;
	int r = -EIO;

	if (!c->live.wanted || c->call->no_register ||
	    !policy_is_given(&c->call->policy))
		return;
	xml = virt_xml(c->virt, &c->domain, VIRT_XML_LIVE, why);
	if (xml) {
		r = domain_tell_running(c->run_dir, &c->domain, xml, refused);
		text = refused;
	}
	free(xml);
	if (r == 0)
		return;
	snprintf(said, sizeof(said),
		 "the host agent does not follow the policy yet: %s", text);
	command_warn(&c->call->call, c->shown, said);
}

/* 0; 1 if the agent does not know the domain, said; -1 if that is in the way */
static int make_known(const struct change *c)
{
	char why[CLIENT_WHY_MAX], text[2 * CLIENT_WHY_MAX];
	char path[REGISTER_PATH_MAX];
	int r;

	if (c->call->no_register)
		return 0;
	r = register_domain(&c->call->registry, c->domain.name, c->domain.uuid,
			    why);
	register_domain_path(path, &c->call->registry, c->domain.uuid);
	answer_agent(&c->call->call, c->shown, r, path);
	if (r == REGISTER_ELSEWHERE && policy_is_given(&c->call->policy))
		answer_note(&c->call->call,
			    "%s: host agent: configured elsewhere: what that "
			    "section says goes before the domain's policy",
			    c->shown);
	if (r >= 0)
		return 0;
	snprintf(text, sizeof(text),
		 "the host agent does not serve it yet: %s; then try again",
		 why);
	change_complain(c, text);
	return 1;
}

static int attach(struct change *c)
{
	/* a device that runs already was registered when it came */
	bool has_it = c->live.wanted && c->live.rng.count;
	int known;

	if (check_live(c) < 0)
		return EXIT_FAILURE;
	if (c->call->dry_run)
		return change_show(c);
	known = make_known(c);
	/* QEMU connects before the device is there, and fails if it cannot */
	if (known < 0 || (known > 0 && c->live.after && !has_it))
		return EXIT_FAILURE;
	if (c->live.after && attach_live(c) < 0)
		return EXIT_FAILURE;
	change_tell(c, &c->live, "attached");
	tell_policy(c);
	if (c->config.after && change_define(c, edit) < 0)
		return EXIT_FAILURE;
	change_tell(c, &c->config, "attached");
	change_warn_saved(c);
	return known && !has_it ? EXIT_FAILURE : command_flush(&c->call->call);
}

static int run(void *ctx)
{
	struct change c;
	int r = EXIT_FAILURE;

	if (change_begin(&c, ctx, edit) == 0)
		r = attach(&c);
	change_end(&c);
	return r;
}

const struct command command_domain_attach = {
	.words = { "domain", "attach" },
	.options = options,
	.usage = PROGRAM " domain attach NAME [OPTIONS]",
	.help = "give a domain of libvirt (name or UUID) its device",
	.call_size = sizeof(struct change_call),
	.run = run,
	.answers = true,
	.operand = "NAME",
};
