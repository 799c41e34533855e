/* How a domain or a container is served, until the agent reloads. */
#include <stdlib.h>

#include "ctl/command.h"
#include "ctl/set.h"

struct set_call {
	struct command_call call;
	struct set set;
};

#define SETTER(name)                                                          \
	static int set_##name(void *ctx, const char *value, const char **why) \
	{                                                                     \
		return set_take_##name(&((struct set_call *)ctx)->set, value, \
				       why);                                  \
	}
SETTER(class)
SETTER(absent)
SETTER(rate)
SETTER(burst)
SETTER(weight)

static const struct opt set_options[] = {
	{ "class", 0, "CLASS", "serve it as raw, drbg or seed", set_class },
	{ "when-absent", 0, "POLICY",
	  "while no device serves: hold, kernel or refuse", set_absent },
	{ "rate", 0, "BYTES", "limit it to BYTES a second, 0: no limit",
	  set_rate },
	{ "burst", 0, "BYTES", "let it take BYTES at once above its rate",
	  set_burst },
	{ "weight", 0, "N", "its share when there is not enough for all",
	  set_weight },
	COMMAND_OPT_JSON,
	COMMAND_OPT_HELP,
	COMMAND_OPT_END,
};

static int run_set(void *ctx)
{
	struct set_call *c = ctx;
	json_t *request = set_request(&c->set, c->call.operand);
	int r;

	if (!request)
		return command_complain(&c->call, c->call.operand,
					"not a name");
	r = command_ask(&c->call, request, set_print);
	json_decref(request);
	return r;
}

const struct command command_domain_set = {
	.words = { "domain", "set" },
	.options = set_options,
	.usage = PROGRAM " domain set NAME [OPTIONS]",
	.help = "how a domain (name or UUID) or \"host\" is served, "
		"until a reload",
	.call_size = sizeof(struct set_call),
	.run = run_set,
	.operand = "NAME",
};

static int run_set_container(void *ctx)
{
	((struct set_call *)ctx)->set.kind = "container";
	return run_set(ctx);
}

const struct command command_container_set = {
	.words = { "container", "set" },
	.options = set_options,
	.usage = PROGRAM " container set ID [OPTIONS]",
	.help = "how a container is served, until a reload",
	.call_size = sizeof(struct set_call),
	.run = run_set_container,
	.operand = "ID",
};
