#include <stdlib.h>

#include "ctl/command.h"

struct claim_call {
	struct command_call call;
	bool force;
};

static OPT_FLAG(set_force, struct claim_call, force);

static const struct opt options[] = {
	COMMAND_OPT_JSON,
	COMMAND_OPT_HELP,
	COMMAND_OPT_END,
};

static const struct opt claim_options[] = {
	{ "force", 0, NULL, "also from a domain or container, if it is down",
	  set_force },
	COMMAND_OPT_JSON,
	COMMAND_OPT_HELP,
	COMMAND_OPT_END,
};

static void print_released(const json_t *result, FILE *out)
{
	(void)result;
	fputs("let go: nobody is served from it until it is claimed\n", out);
}

static void print_claimed(const json_t *result, FILE *out)
{
	(void)result;
	fputs("taken back: onerngctl status shows its start-up test, or that it "
	      "failed for good before\n",
	      out);
}

static int ask(const struct command_call *call, const char *cmd, bool force,
	       void (*print)(const json_t *result, FILE *out))
{
	json_t *request =
		json_pack("{s:s, s:s}", "cmd", cmd, "device", call->operand);
	int r;

	if (force)
		json_object_set_new(request, "force", json_true());
	r = command_ask(call, request, print);

	json_decref(request);
	return r;
}

static int run_release(void *ctx)
{
	return ask(ctx, "device-release", false, print_released);
}

static int run_claim(void *ctx)
{
	struct claim_call *c = ctx;

	return ask(&c->call, "device-claim", c->force, print_claimed);
}

const struct command command_device_release = {
	.words = { "device", "release" },
	.options = options,
	.usage = PROGRAM " device release [--json] DEVICE",
	.help = "let a device go, for another program (root)",
	.call_size = sizeof(struct command_call),
	.run = run_release,
	.operand = "DEVICE",
};

const struct command command_device_claim = {
	.words = { "device", "claim" },
	.options = claim_options,
	.usage = PROGRAM " device claim [--json] [--force] DEVICE",
	.help = "take a device back that was let go, or failed for good (root)",
	.call_size = sizeof(struct claim_call),
	.run = run_claim,
	.operand = "DEVICE",
};
