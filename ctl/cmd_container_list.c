/* The containers of LXC, and what the agent has for them. */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "ctl/container.h"
#include "ctl/container_describe.h"

static const struct opt options[] = {
	CONTAINER_OPT_PATH, CONTAINER_OPT_INCLUDES, COMMAND_OPT_JSON,
	COMMAND_OPT_HELP,   COMMAND_OPT_END,
};

static void add_container(const struct container_host *h, const char *name,
			  const json_t *status, json_t *list)
{
	struct container c;
	char why[LXCAPI_WHY_MAX];

	if (container_find(h, name, &c, why) < 0)
		command_complain(h->call, NULL, why);
	else
		json_array_append_new(list, container_describe(&c, status));
	container_release(&c);
}

static bool is_listed(const json_t *list, const char *id)
{
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);

		if (!strcmp(json_string_value(json_object_get(o, "id")), id))
			return true;
	}
	return false;
}

/* Those that the agent has, and this lxcpath has not. */
static void add_others(const json_t *status, json_t *list)
{
	const json_t *all = json_object_get(status, "consumers");
	size_t i;

	for (i = 0; i < json_array_size(all); i++) {
		json_t *o = json_array_get(all, i);
		const char *id = json_string_value(json_object_get(o, "name"));

		if (!id || register_find_container(status, id) != o ||
		    is_listed(list, id))
			continue;
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:n, s:s, s:b, s:n, s:n, "
					"s:O}",
					"name", id, "id", id, "config", "state",
					"not here", "attached", 0, "device",
					"node", "agent", o));
	}
}

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "-";
}

static void print(const json_t *list)
{
	char shown[CONTAINER_SHOWN_MAX];
	const char *name;
	size_t i;

	printf("%-24s %-24s %-8s %-11s %-12s %s\n", "CONTAINER", "ID", "STATE",
	       "DEVICE", "NODE", "AGENT");
	for (i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);
		const json_t *agent = json_object_get(o, "agent");
		bool attached = json_is_true(json_object_get(o, "attached"));

		name = text(o, "name");
		printf("%-24s %-24s %-8s %-11s %-12s %s\n",
		       log_escape(shown, sizeof(shown), name, strlen(name)),
		       attached || json_is_object(agent) ? text(o, "id") : "-",
		       text(o, "state"), attached ? text(o, "device") : "-",
		       text(o, "node"),
		       json_is_object(agent) ? "knows it" : "-");
	}
}

static int list_all(const struct container_host *h)
{
	char **names, why[CLIENT_WHY_MAX];
	json_t *status = NULL, *list = json_array(), *o;
	int n = container_names(h, &names);

	client_ask(h->call->socket, "status", &status, why);
	for (int i = 0; i < n; i++)
		add_container(h, names[i], status, list);
	container_free_names(names, n);
	add_others(status, list);
	if (h->call->json) {
		o = json_pack("{s:O, s:b}", "containers", list, "agent",
			      status != NULL);
		command_print_json(o);
		json_decref(o);
	} else {
		print(list);
		if (!status)
			printf("\nhost agent: %s\n", why);
	}
	json_decref(list);
	json_decref(status);
	return command_flush(h->call);
}

static int run(void *ctx)
{
	struct container_call *call = ctx;
	int r;

	if (container_begin(&call->host, &call->call) < 0)
		return EXIT_FAILURE;
	r = list_all(&call->host);
	container_end(&call->host);
	return r;
}

const struct command command_container_list = {
	.words = { "container", "list" },
	.options = options,
	.usage = PROGRAM " container list [OPTIONS]",
	.help = "containers, their devices, and what the agent has for them",
	.call_size = sizeof(struct container_call),
	.run = run,
};
