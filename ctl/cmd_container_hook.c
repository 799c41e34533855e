/* A hook for those who manage a container's configuration by hand. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/container_device.h"
#include "ctl/container_plan.h"
#include "lxc/container_hook.h"

static const struct opt options[] = {
	PLAN_OPT_DEVICE,    PLAN_OPT_NAME,	    PLAN_OPT_OWNER,
	PLAN_OPT_GROUP,	    PLAN_OPT_MODE,	    PLAN_OPT_REQUIRE,
	CONTAINER_OPT_PATH, CONTAINER_OPT_INCLUDES, COMMAND_OPT_JSON,
	COMMAND_OPT_HELP,   COMMAND_OPT_END,
};

static int answer(const struct command_call *call,
		  const struct container_hook *h, const struct container *c)
{
	char *text = NULL;
	size_t len;
	FILE *out = call->answer ? open_memstream(&text, &len) : stdout;

	if (!out)
		return command_complain(call, NULL, strerror(ENOMEM));
	container_hook_print(h, out);
	if (out == stdout)
		return EXIT_SUCCESS;
	fclose(out);
	answer_set(call, "name", answer_text(c->name));
	answer_set(call, "id", json_string(c->id));
	answer_set(call, "hook", answer_text(text));
	free(text);
	return EXIT_SUCCESS;
}

static int print(const struct plan_call *call, struct container *c)
{
	struct container_hook h = { .snippet = &c->snippet,
				    .sum = &c->sum,
				    .dir = c->host->dir };
	char *keys;
	int r;

	plan_overlay(&c->snippet, call);
	container_device_look(&c->snippet, c->host);
	keys = plan_keys(&c->snippet, NULL, &call->policy);
	if (!keys)
		return command_complain(&call->of.call, NULL, strerror(ENOMEM));
	h.keys = keys;
	r = answer(&call->of.call, &h, c);
	free(keys);
	return r ? r : command_flush(&call->of.call);
}

static int run(void *ctx)
{
	struct plan_call *call = ctx;
	struct container_host *h = &call->of.host;
	char why[LXCAPI_WHY_MAX];
	struct container c;
	int r;

	if (container_begin(h, &call->of.call) < 0)
		return EXIT_FAILURE;
	if (container_find(h, call->of.call.operand, &c, why) == 0)
		r = print(call, &c);
	else
		r = command_complain(&call->of.call, NULL, why);
	container_release(&c);
	container_end(h);
	return r;
}

const struct command command_container_hook = {
	.words = { "container", "hook" },
	.options = options,
	.usage = PROGRAM " container hook NAME [OPTIONS]",
	.help = "print a hook for a configuration kept by hand",
	.call_size = sizeof(struct plan_call),
	.run = run,
	.answers = true,
	.operand = "NAME",
};
