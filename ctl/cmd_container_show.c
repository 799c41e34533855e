/* One container: its configuration, what is generated, what the agent does. */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "ctl/container.h"
#include "ctl/container_describe.h"

static const struct opt options[] = {
	CONTAINER_OPT_PATH, CONTAINER_OPT_INCLUDES, COMMAND_OPT_JSON,
	COMMAND_OPT_HELP,   COMMAND_OPT_END,
};

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "-";
}

static long long count(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

static void print_list(const json_t *list, const char *before)
{
	size_t i;

	for (i = 0; i < json_array_size(list); i++)
		printf("%s%s", before,
		       json_string_value(json_array_get(list, i)));
}

static void print_device(const json_t *o)
{
	const json_t *rules = json_object_get(o, "rules");

	if (!json_is_string(json_object_get(o, "device"))) {
		puts("device: nothing is generated");
		return;
	}
	printf("device: %s%s%s, as", text(o, "device"),
	       json_is_string(json_object_get(o, "place")) ? " of " : "",
	       json_is_string(json_object_get(o, "place")) ? text(o, "place")
							   : "");
	print_list(json_object_get(o, "names"), " /dev/");
	printf(", %lld:%lld %s%s%s\n", count(o, "owner"), count(o, "group"),
	       text(o, "mode"),
	       json_is_true(json_object_get(o, "require")) ? ", required" : "",
	       json_is_true(json_object_get(o, "socket"))
		       ? ", with /dev/onerng.d/egd.sock"
		       : "");
	fputs("device rules:", stdout);
	if (json_array_size(rules))
		print_list(rules, " ");
	else
		fputs(" none, the container may use every device", stdout);
	putchar('\n');
}

/* why: it did not answer; NULL: it did. */
static void print_agent(const json_t *o, const char *why)
{
	const json_t *c = json_object_get(o, "agent");

	if (!json_is_object(c)) {
		printf("host agent: %s\n", why ? why : "does not know it");
		return;
	}
	printf("host agent: node %s, class %s, rate %lld B/s, weight %lld, "
	       "delivered %lld B, owed %lld B\n",
	       text(o, "node"), text(c, "class"), count(c, "rate"),
	       count(c, "weight"), count(c, "delivered"), count(c, "owed"));
}

static void print(const struct container *c, const json_t *o, const char *why)
{
	char shown[CONTAINER_CONFIG_MAX];

	printf("%s %s: %s%s\n", c->shown, c->id, text(o, "state"),
	       c->sum.idmapped ? ", with a user namespace" : "");
	if (!c->handle.handle)
		printf("state: cannot be told: %s\n", c->why_no_handle);
	printf("configuration: %s: %s\n",
	       log_escape(shown, sizeof(shown), c->config, strlen(c->config)),
	       c->foreign	  ? "includes another container's device"
	       : c->include.count ? "attached"
				  : "not attached");
	print_device(o);
	print_agent(o, why);
}

static int show(struct container *c)
{
	const struct command_call *call = c->host->call;
	char why[CLIENT_WHY_MAX];
	json_t *status = NULL, *o;

	client_ask(call->socket, "status", &status, why);
	o = container_describe(c, status);
	if (call->json)
		command_print_json(o);
	else
		print(c, o, status ? NULL : why);
	json_decref(status);
	json_decref(o);
	return command_flush(call);
}

static int run(void *ctx)
{
	struct container_call *call = ctx;
	char why[LXCAPI_WHY_MAX];
	struct container c;
	int r;

	if (container_begin(&call->host, &call->call) < 0)
		return EXIT_FAILURE;
	if (container_find(&call->host, call->call.operand, &c, why) == 0)
		r = show(&c);
	else
		r = command_complain(&call->call, NULL, why);
	container_release(&c);
	container_end(&call->host);
	return r;
}

const struct command command_container_show = {
	.words = { "container", "show" },
	.options = options,
	.usage = PROGRAM " container show NAME [OPTIONS]",
	.help = "what LXC and the agent know of a container",
	.call_size = sizeof(struct container_call),
	.run = run,
	.operand = "NAME",
};
