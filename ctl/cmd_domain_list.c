/* The domains that the agent serves, and on request all that libvirt has. */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "ctl/change.h"
#include "ctl/command.h"
#include "ctl/table.h"
#include "ctl/virt.h"

#define SHOWN_MAX 256

struct list_call {
	struct command_call call;
	bool all;
};

static OPT_FLAG(set_all, struct list_call, all);

static const struct opt options[] = {
	{ "all", 0, NULL, "also all that libvirt has", set_all },
	COMMAND_OPT_CONNECT,
	COMMAND_OPT_JSON,
	COMMAND_OPT_HELP,
	COMMAND_OPT_END,
};

/* Whether it has a device of ours there; null: it is not there, or unread. */
static json_t *has_ours(struct virt *v, const struct virt_domain *d,
			enum virt_xml which, const char *run_dir)
{
	char why[VIRT_WHY_MAX], *text = virt_xml(v, d, which, why);
	struct domain_error error;
	struct domain_xml *xml = NULL;
	struct domain_rng rng;
	json_t *o = NULL;

	if (text)
		xml = domain_xml_parse(text, strlen(text), &error);
	if (xml && domain_rng_find(xml, run_dir, &rng, &error) == 0)
		o = json_boolean(rng.count > 0);
	domain_xml_free(xml);
	free(text);
	return o ? o : json_null();
}

static json_t *describe(struct virt *v, const struct virt_domain *d,
			const char *run_dir)
{
	json_t *running = d->active ? has_ours(v, d, VIRT_XML_LIVE, run_dir)
				    : json_null();
	json_t *config = d->persistent
				 ? has_ours(v, d, VIRT_XML_CONFIG, run_dir)
				 : json_null();

	return json_pack("{s:s, s:s, s:b, s:b, s:o, s:o}", "name", d->name,
			 "uuid", d->uuid, "active", d->active, "persistent",
			 d->persistent, "running", running, "configuration",
			 config);
}

/* A new reference; NULL, said. */
static json_t *of_libvirt(const struct list_call *call)
{
	char run_dir[DOMAIN_RUN_DIR_MAX], why[VIRT_WHY_MAX];
	struct virt_domain *list;
	struct virt *v;
	json_t *o = NULL;
	int i, n = -1;

	if (change_run_dir(&call->call, run_dir) < 0)
		return NULL;
	v = virt_open(call->call.uri, true, why);
	if (v)
		n = virt_list(v, &list, why);
	if (n >= 0)
		o = json_array();
	else
		command_complain(&call->call, NULL, why);
	for (i = 0; i < n; i++)
		json_array_append_new(o, describe(v, &list[i], run_dir));
	if (n >= 0)
		virt_list_free(v, list, n);
	virt_close(v);
	return o;
}

static const char *word(const json_t *o, const char *key)
{
	const json_t *value = json_object_get(o, key);

	if (json_is_true(value))
		return "device";
	return json_is_false(value) ? "none" : "-";
}

static void print_libvirt(const json_t *list)
{
	char shown[SHOWN_MAX];
	const char *name;
	size_t i;

	printf("\n%-24s %-36s %-9s %s\n", "LIBVIRT", "UUID", "RUNNING",
	       "CONFIGURATION");
	for (i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);

		name = json_string_value(json_object_get(o, "name"));
		printf("%-24s %-36s %-9s %s\n",
		       log_escape(shown, sizeof(shown), name, strlen(name)),
		       json_string_value(json_object_get(o, "uuid")),
		       word(o, "running"), word(o, "configuration"));
	}
}

/* libvirt's are listed without the agent's, and the agent's without them. */
static int run(void *ctx)
{
	const struct list_call *call = ctx;
	json_t *request = json_pack("{s:s}", "cmd", "domain-list");
	json_t *agent = command_request(&call->call, request);
	json_t *libvirt = call->all ? of_libvirt(call) : NULL;
	bool failed = !agent || (call->all && !libvirt);

	if (call->call.json && (agent || libvirt)) {
		json_t *o = agent ? json_incref(agent) : json_object();

		if (libvirt)
			json_object_set(o, "libvirt", libvirt);
		command_print_json(o);
		json_decref(o);
	} else {
		if (agent)
			table_domains(agent, stdout);
		if (libvirt)
			print_libvirt(libvirt);
	}
	json_decref(libvirt);
	json_decref(agent);
	json_decref(request);
	if (command_flush(&call->call) != EXIT_SUCCESS)
		return EXIT_FAILURE;
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct command command_domain_list = {
	.words = { "domain", "list" },
	.options = options,
	.usage = PROGRAM " domain list [OPTIONS]",
	.help = "the domains the agent publishes to, and their sockets",
	.call_size = sizeof(struct list_call),
	.run = run,
};
