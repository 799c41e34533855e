/* Gives a container its device, tells the agent of it. */
#include <stdlib.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/container_device.h"
#include "ctl/container_plan.h"
#include "ctl/policy.h"

POLICY_SETTERS(struct plan_call)

static const struct opt options[] = {
	PLAN_OPT_DEVICE,
	PLAN_OPT_NAME,
	PLAN_OPT_OWNER,
	PLAN_OPT_GROUP,
	PLAN_OPT_MODE,
	{ "socket", 0, "[YES]", "a socket, too: /dev/onerng.d/egd.sock",
	  plan_set_socket },
	PLAN_OPT_REQUIRE,
	POLICY_OPTS,
	COMMAND_OPT_DRY_RUN(plan_set_dry_run),
	COMMAND_OPT_NO_REGISTER(plan_set_no_register),
	CONTAINER_OPT_PATH,
	CONTAINER_OPT_INCLUDES,
	CONTAINER_OPT_DROP_INS,
	COMMAND_OPT_JSON,
	COMMAND_OPT_HELP,
	COMMAND_OPT_END,
};

/* A node that root named and that is none of the agent's devices. */
static bool is_strange(const struct container_snippet *s)
{
	char port[CONTAINER_PLACE_MAX];

	return s->device == CONTAINER_PASSTHROUGH && *s->place == '/' &&
	       s->has_number &&
	       !strcmp(container_device_for_agent(s, port), "none");
}

/* What has to be known beyond "attached". */
static void warn(const struct plan *p)
{
	const struct container *c = &p->c;

	if (c->foreign)
		answer_note(c->host->call,
			    "%s: was a copy of %s, and gets a device of its "
			    "own",
			    c->shown, c->include.id);
	if (c->snippet.device == CONTAINER_PASSTHROUGH &&
	    !c->snippet.has_number)
		answer_note(c->host->call,
			    "%s: the device that is passed through is not "
			    "there now; its rule is written when it is: "
			    "onerngctl container refresh",
			    c->shown);
	if (is_strange(&c->snippet))
		answer_note(c->host->call,
			    "%s: %s is no OneRNG: the container gets it as it "
			    "is",
			    c->shown, c->snippet.place);
	if (!c->handle.handle)
		answer_note(c->host->call,
			    "%s: whether it runs cannot be told: %s", c->shown,
			    c->why_no_handle);
}

/* 0; 1: done already; -1: refused or failed, said. */
static int make_known(const struct plan *p)
{
	const struct container *c = &p->c;
	char why[CLIENT_WHY_MAX], text[2 * CLIENT_WHY_MAX];
	int r;

	if (p->call->no_register)
		return 0;
	r = register_container(&c->host->registry, c->id, p->keys, why);
	answer_agent(c->host->call, c->shown, r, p->drop_in.path);
	if (r == REGISTER_LATER)
		answer_note(c->host->call,
			    "%s: host agent: does not run; it knows when it "
			    "starts",
			    c->shown);
	else if (r == REGISTER_ELSEWHERE)
		answer_note(c->host->call,
			    "%s: host agent: configured elsewhere: that "
			    "section decides what is served",
			    c->shown);
	if (r >= 0)
		return 0;
	snprintf(text, sizeof(text), "nothing is attached: %s", why);
	return container_complain(c, text);
}

static void take_back(const struct plan *p)
{
	const struct registry *r = &p->c.host->registry;
	char ignored[CLIENT_WHY_MAX];

	plan_undo_generated(p);
	if (p->call->no_register)
		return;
	if (p->drop_in.before)
		register_restore_container(r, p->c.id, p->drop_in.before,
					   ignored);
	else
		register_forget_container(r, p->c.id, ignored);
}

static int attach(struct plan *p)
{
	const struct command_call *call = &p->call->of.call;

	if (p->call->dry_run)
		return plan_show(p);
	if (plan_write_generated(p) < 0)
		return EXIT_FAILURE;
	if (make_known(p) < 0) {
		plan_undo_generated(p);
		answer_undone(call);
		return EXIT_FAILURE;
	}
	if (plan_write_config(p) < 0) {
		take_back(p);
		answer_undone(call);
		return EXIT_FAILURE;
	}
	answer_set(call, "config", json_boolean(plan_does(p)));
	answer_line(call, "%s: configuration: %s", p->c.shown,
		    plan_does(p) ? "attached" : "nothing to do");
	warn(p);
	if (container_live(&p->c, true) < 0)
		return EXIT_FAILURE;
	return command_flush(call);
}

static int run(void *ctx)
{
	struct plan p;
	int r = EXIT_FAILURE;

	if (plan_attach(&p, ctx) == 0)
		r = attach(&p);
	plan_end(&p);
	return r;
}

const struct command command_container_attach = {
	.words = { "container", "attach" },
	.options = options,
	.usage = PROGRAM " container attach NAME [OPTIONS]",
	.help = "give a container of LXC its device",
	.call_size = sizeof(struct plan_call),
	.run = run,
	.answers = true,
	.operand = "NAME",
};
