#include <stdlib.h>

#include "ctl/command.h"

static const struct opt options[] = {
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
	fputs("taken back: its start-up test runs; see status\n", out);
}

static int ask(const struct command_call *call, const char *cmd,
	       void (*print)(const json_t *result, FILE *out))
{
	json_t *request =
		json_pack("{s:s, s:s}", "cmd", cmd, "device", call->operand);
	int r = command_ask(call, request, print);

	json_decref(request);
	return r;
}

static int run_release(void *ctx)
{
	return ask(ctx, "device-release", print_released);
}

static int run_claim(void *ctx)
{
	return ask(ctx, "device-claim", print_claimed);
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
	.options = options,
	.usage = PROGRAM " device claim [--json] DEVICE",
	.help = "take a device back that was let go (root)",
	.call_size = sizeof(struct command_call),
	.run = run_claim,
	.operand = "DEVICE",
};
