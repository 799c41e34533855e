/* A hook for those who manage a container's configuration by hand. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/container_device.h"
#include "ctl/container_plan.h"
#include "lxc/container_hook.h"

static const struct opt options[] = {
	{ "device", 0, "DEVICE",
	  "virtual, plain, hwrng or passthrough[=PORT|=/dev/NODE]",
	  plan_set_device },
	{ "name", 0, "NAME", "of the device in the container's /dev; repeats",
	  plan_set_name },
	{ "owner", 0, "UID", "of the device, as the container sees it",
	  plan_set_owner },
	{ "group", 0, "GID", "the same (20)", plan_set_group },
	{ "mode", 0, "OCTAL", "the same (0660)", plan_set_mode },
	{ "require", 0, "[YES]", "does not start without the device",
	  plan_set_require },
	CONTAINER_OPT_PATH,
	CONTAINER_OPT_INCLUDES,
	COMMAND_OPT_HELP,
	COMMAND_OPT_END,
};

static int print(const struct plan_call *call, struct container *c)
{
	struct container_hook h = { .snippet = &c->snippet,
				    .sum = &c->sum,
				    .dir = c->host->dir };
	char *keys;

	plan_overlay(&c->snippet, call);
	container_device_look(&c->snippet, c->host);
	keys = plan_keys(&c->snippet, NULL, &call->policy);
	if (!keys)
		return command_complain(&call->of.call, NULL, strerror(ENOMEM));
	h.keys = keys;
	container_hook_print(&h, stdout);
	free(keys);
	return command_flush(&call->of.call);
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
	.operand = "NAME",
};
