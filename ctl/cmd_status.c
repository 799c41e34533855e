#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl/command.h"
#include "ctl/table.h"

#define WATCH_DEFAULT 2
#define WATCH_MAX     86400
#define CLEAR_SCREEN  "\033[H\033[2J\033[3J"

struct status_call {
	struct command_call call;
	unsigned int watch_s; /* 0: once */
};

static int set_watch(void *ctx, const char *value, const char **why)
{
	unsigned long long s = WATCH_DEFAULT;
	struct status_call *c = ctx;

	*why = "not a number of seconds from 1 to 86400";
	if (value && opt_u64(value, 1, WATCH_MAX, &s) < 0)
		return -EINVAL;
	c->watch_s = (unsigned int)s;
	return 0;
}

static const struct opt status_options[] = {
	{ "watch", 0, "[SECONDS]", "show it again every 2 or SECONDS seconds",
	  set_watch },
	COMMAND_OPT_JSON,
	COMMAND_OPT_HELP,
	COMMAND_OPT_END,
};

static void show_again(const json_t *status, FILE *out)
{
	fputs(CLEAR_SCREEN, out);
	table_status(status, out);
}

static int run_status(void *ctx)
{
	struct status_call *c = ctx;
	json_t *request = json_pack("{s:s}", "cmd", "status");
	int r;

	do
		r = command_ask(&c->call, request,
				c->watch_s ? show_again : table_status);
	while (r == EXIT_SUCCESS && c->watch_s && sleep(c->watch_s) == 0);
	json_decref(request);
	return r;
}

const struct command command_status = {
	.words = { "status" },
	.options = status_options,
	.usage = PROGRAM " status [--watch[=SECONDS]] [--json]",
	.help = "devices, health, pool and consumers",
	.call_size = sizeof(struct status_call),
	.run = run_status,
};
