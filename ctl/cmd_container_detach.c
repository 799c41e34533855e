/* Takes a container's device away. */
#include <stdlib.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/container_device.h"
#include "ctl/container_plan.h"

static const struct opt options[] = {
	COMMAND_OPT_DRY_RUN(plan_set_dry_run),
	COMMAND_OPT_NO_REGISTER(plan_set_no_register),
	CONTAINER_OPT_PATH,
	CONTAINER_OPT_INCLUDES,
	CONTAINER_OPT_DROP_INS,
	COMMAND_OPT_JSON,
	COMMAND_OPT_HELP,
	COMMAND_OPT_END,
};

static int forget(const struct plan *p)
{
	char why[CLIENT_WHY_MAX];
	int r;

	if (p->call->no_register)
		return 0;
	r = register_forget_container(&p->c.host->registry, p->c.id, why);
	if (r < 0)
		return container_complain(&p->c, why);
	answer_agent(p->c.host->call, p->c.shown, r, p->drop_in.path);
	if (r == REGISTER_LATER)
		answer_line(p->c.host->call, "%s: host agent: does not run",
			    p->c.shown);
	return 0;
}

static int detach(struct plan *p)
{
	bool any = p->config.after || p->generated.before;
	int live, told, removed;

	if (p->call->dry_run)
		return plan_show(p);
	/* the configuration first: an include of nothing is harmless */
	if (plan_write_config(p) < 0)
		return EXIT_FAILURE;
	answer_set(p->c.host->call, "config", json_boolean(any));
	answer_line(p->c.host->call, "%s: configuration: %s", p->c.shown,
		    p->left_over ? "the container is gone, so is what it left "
				   "here"
		    : any	 ? "detached"
				 : "nothing to do");
	/* what the container does keeps the rest from nothing */
	live = container_live(&p->c, false);
	told = forget(p);
	removed = plan_remove_generated(p);
	if (told < 0 || removed < 0 || live < 0)
		return EXIT_FAILURE;
	return command_flush(&p->call->of.call);
}

static int run(void *ctx)
{
	struct plan p;
	int r = EXIT_FAILURE;

	if (plan_detach(&p, ctx) == 0)
		r = detach(&p);
	plan_end(&p);
	return r;
}

const struct command command_container_detach = {
	.words = { "container", "detach" },
	.options = options,
	.usage = PROGRAM " container detach NAME [OPTIONS]",
	.help = "take a container's device away",
	.call_size = sizeof(struct plan_call),
	.run = run,
	.answers = true,
	.operand = "NAME",
};
