#include <stdlib.h>

#include "ctl/capture.h"
#include "ctl/command.h"

struct capture_call {
	struct command_call call;
	const char *device;
	unsigned long long bytes; /* 0: not given */
};

static OPT_TEXT(set_device, struct capture_call, device);

static int set_raw(void *ctx, const char *value, const char **why)
{
	*why = "not a number of bytes from 1 to 67108864";
	return opt_u64(value, 1, CAPTURE_BYTES_MAX,
		       &((struct capture_call *)ctx)->bytes);
}

static const struct opt options[] = {
	{ "device", 0, "NAME", "which device, by name or port", set_device },
	{ "raw", 0, "BYTES", "so many raw samples of a byte each", set_raw },
	COMMAND_OPT_JSON,
	COMMAND_OPT_HELP,
	COMMAND_OPT_END,
};

static int run_capture(void *ctx)
{
	const struct capture_call *c = ctx;
	const struct capture capture = {
		.program = c->call.program,
		.socket = c->call.socket,
		.device = c->device,
		.file = c->call.operand,
		.bytes = c->bytes,
		.json = c->call.json,
	};

	if (c->bytes)
		return capture_run(&capture);
	command_complain(&c->call, NULL, "how many? --raw BYTES");
	return EXIT_USAGE;
}

const struct command command_capture = {
	.words = { "capture" },
	.options = options,
	.usage = PROGRAM " capture [--device NAME] --raw BYTES FILE",
	.help = "raw samples into a new file, for an assessment (root)",
	.call_size = sizeof(struct capture_call),
	.run = run_capture,
	.operand = "FILE",
};
