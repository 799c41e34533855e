#include <stdlib.h>

#include "ctl/command.h"

struct claim_call {
	struct command_call call;
	bool force, new_baseline;
};

static OPT_FLAG(set_force, struct claim_call, force);
static OPT_FLAG(set_new_baseline, struct claim_call, new_baseline);

static const struct opt options[] = {
	COMMAND_OPT_JSON,
	COMMAND_OPT_HELP,
	COMMAND_OPT_END,
};

static const struct opt claim_options[] = {
	{ "force", 0, NULL, "also from a domain or container, if it is down",
	  set_force },
	{ "new-baseline", 0, NULL, "its raw noise is well as it is: learn it",
	  set_new_baseline },
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

static void print_renewed(const json_t *result, FILE *out)
{
	(void)result;
	fputs("its baseline is learnt anew; see status\n", out);
}

static json_t *request_for(const struct command_call *call, const char *cmd)
{
	return json_pack("{s:s, s:s}", "cmd", cmd, "device", call->operand);
}

static int run_release(void *ctx)
{
	json_t *request = request_for(ctx, "device-release");
	int r = command_ask(ctx, request, print_released);

	json_decref(request);
	return r;
}

static int run_claim(void *ctx)
{
	struct claim_call *c = ctx;
	json_t *request = request_for(&c->call, "device-claim");
	int r;

	if (c->force)
		json_object_set_new(request, "force", json_true());
	if (c->new_baseline)
		json_object_set_new(request, "new_baseline", json_true());
	r = command_ask(&c->call, request,
			c->new_baseline ? print_renewed : print_claimed);
	json_decref(request);
	return r;
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
	.usage = PROGRAM
	" device claim [--json] [--force] [--new-baseline] DEVICE",
	.help = "take a device back that was let go, or failed for good (root)",
	.call_size = sizeof(struct claim_call),
	.run = run_claim,
	.operand = "DEVICE",
};
