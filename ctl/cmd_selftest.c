#include <stdlib.h>

#include "ctl/client.h"
#include "ctl/command.h"
#include "ctl/selftest.h"

struct selftest_call {
	struct command_call call;
	const char *inject; /* a fault, or NULL */
};

static OPT_TEXT(set_inject, struct selftest_call, inject);

static const struct opt options[] = {
	{ "inject", 0, "FAULT",
	  "test a fresh instance with this fault in its noise", set_inject },
	COMMAND_OPT_JSON,
	COMMAND_OPT_HELP,
	COMMAND_OPT_END,
};

/* What was found is printed also if it is bad. */
static int run_selftest(void *ctx)
{
	const struct selftest_call *c = ctx;
	char why[CLIENT_WHY_MAX];
	json_t *result = NULL;
	int r;

	if (c->inject && c->call.operand) {
		command_complain(&c->call, c->call.operand,
				 "--inject leaves the devices alone");
		return EXIT_USAGE;
	}
	if (c->inject)
		r = selftest_inject(c->call.socket, c->inject, &result, why);
	else
		r = selftest_device(c->call.socket, c->call.operand, &result,
				    why);
	if (result && c->call.json)
		command_print_json(result);
	else if (result)
		selftest_print(result, stdout);
	json_decref(result);
	if (r < 0)
		return command_complain(&c->call, NULL, why);
	return command_flush(&c->call);
}

const struct command command_selftest = {
	.words = { "selftest" },
	.options = options,
	.usage = PROGRAM " selftest [--inject FAULT] [--json] [DEVICE]",
	.help = "start-up test again, on demand (root)",
	.call_size = sizeof(struct selftest_call),
	.run = run_selftest,
	.operand = "[DEVICE]",
};
