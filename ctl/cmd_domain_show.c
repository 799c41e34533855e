/* One domain: what libvirt knows of it, and what the agent does. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "ctl/change.h"
#include "ctl/command.h"
#include "ctl/register.h"
#include "ctl/virt.h"

#define SHOWN_MAX 256

static const struct opt options[] = {
	COMMAND_OPT_CONNECT,
	COMMAND_OPT_JSON,
	COMMAND_OPT_HELP,
	COMMAND_OPT_END,
};

static json_t *number_or_null(bool has, unsigned long long n)
{
	return has ? json_integer((json_int_t)n) : json_null();
}

/* What is not given: null, the host decides. */
static json_t *describe_policy(const struct domain_xml *xml,
			       struct domain_error *error)
{
	struct domain_policy p;

	if (domain_policy_read(xml, &p, error) < 0)
		return NULL;
	return json_pack("{s:s?, s:s?, s:o, s:o, s:o}", "class", p.class,
			 "when_absent", p.when_absent, "rate",
			 number_or_null(p.has_rate, p.rate), "burst",
			 number_or_null(p.has_burst, p.burst), "weight",
			 number_or_null(p.has_weight, p.weight));
}

/* {"attached","socket","own_socket","policy"}; NULL, said. */
static json_t *describe_side(const struct command_call *call, struct virt *v,
			     const struct virt_domain *d, enum virt_xml which,
			     const char *run_dir)
{
	char why[VIRT_WHY_MAX], *text = virt_xml(v, d, which, why);
	struct domain_error error = { 0 };
	struct domain_xml *xml = NULL;
	struct domain_rng rng;
	json_t *policy = NULL, *o = NULL;

	if (text)
		xml = domain_xml_parse(text, strlen(text), &error);
	if (xml && domain_rng_find(xml, run_dir, &rng, &error) == 0)
		policy = describe_policy(xml, &error);
	if (policy)
		o = json_pack("{s:b, s:s?, s:b, s:o}", "attached",
			      rng.count > 0, "socket",
			      rng.count ? rng.path : NULL, "own_socket",
			      rng.count && rng.own_path, "policy", policy);
	else
		command_complain(call, d->name, text ? error.text : why);
	domain_xml_free(xml);
	free(text);
	return o;
}

/* why: of register_consumer(). */
static json_t *describe(const struct command_call *call, struct virt *v,
			const struct virt_domain *d,
			char why[static CLIENT_WHY_MAX])
{
	struct registry registry = { .socket = call->socket };
	json_t *running = json_null(), *config = json_null(), *agent;
	char run_dir[DOMAIN_RUN_DIR_MAX];

	if (change_run_dir(call, run_dir) < 0)
		return NULL;
	if (d->active)
		running = describe_side(call, v, d, VIRT_XML_LIVE, run_dir);
	if (d->persistent)
		config = describe_side(call, v, d, VIRT_XML_CONFIG, run_dir);
	agent = register_consumer(&registry, d->uuid, why);
	if (!running || !config) {
		json_decref(running);
		json_decref(config);
		json_decref(agent);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:b, s:b, s:o, s:o, s:o}", "name", d->name,
			 "uuid", d->uuid, "active", d->active, "persistent",
			 d->persistent, "running", running, "configuration",
			 config, "agent", agent ? agent : json_null());
}

static void print_policy(const json_t *policy)
{
	/* jansson's iterators take no const */
	json_t *o = (json_t *)(uintptr_t)policy;
	void *i;

	for (i = json_object_iter(o); i; i = json_object_iter_next(o, i)) {
		const json_t *value = json_object_iter_value(i);

		if (json_is_string(value))
			printf(", %s %s", json_object_iter_key(i),
			       json_string_value(value));
		else if (json_is_integer(value))
			printf(", %s %lld", json_object_iter_key(i),
			       (long long)json_integer_value(value));
	}
}

static void print_side(const json_t *o, const char *which)
{
	const json_t *side = json_object_get(o, which);
	const char *socket = json_string_value(json_object_get(side, "socket"));
	char shown[SHOWN_MAX];

	if (!json_is_object(side))
		return;
	printf("%s: ", which);
	if (socket)
		printf("attached to %s%s",
		       log_escape(shown, sizeof(shown), socket, strlen(socket)),
		       json_is_true(json_object_get(side, "own_socket"))
			       ? ""
			       : ", which is not its own");
	else
		fputs("not attached", stdout);
	print_policy(json_object_get(side, "policy"));
	putchar('\n');
}

static long long count(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

static void print_agent(const json_t *c, const char *why)
{
	const char *from = json_string_value(json_object_get(c, "policy_from"));

	if (!json_is_object(c)) {
		printf("host agent: %s\n", *why ? why : "does not know it");
		return;
	}
	printf("host agent: %s, class %s, rate %lld B/s, weight %lld (%s), "
	       "delivered %lld B, owed %lld B\n",
	       json_is_true(json_object_get(c, "connected")) ? "connected"
							     : "not connected",
	       json_string_value(json_object_get(c, "class")), count(c, "rate"),
	       count(c, "weight"), from ? from : "-", count(c, "delivered"),
	       count(c, "owed"));
}

static void print(const json_t *o, const struct virt_domain *d, const char *why)
{
	char shown[SHOWN_MAX];

	printf("%s %s: %s, %s\n",
	       log_escape(shown, sizeof(shown), d->name, strlen(d->name)),
	       d->uuid, d->active ? "running" : "not running",
	       d->persistent ? "persistent" : "transient");
	print_side(o, "running");
	print_side(o, "configuration");
	print_agent(json_object_get(o, "agent"), why);
}

static int show(const struct command_call *call, struct virt *v,
		const struct virt_domain *d)
{
	char why[CLIENT_WHY_MAX] = "";
	json_t *o = describe(call, v, d, why);

	if (!o)
		return EXIT_FAILURE;
	if (call->json)
		command_print_json(o);
	else
		print(o, d, why);
	json_decref(o);
	return command_flush(call);
}

static int run(void *ctx)
{
	const struct command_call *call = ctx;
	struct virt_domain d;
	char why[VIRT_WHY_MAX];
	struct virt *v = virt_open(call->uri, true, why);
	int r = EXIT_FAILURE;

	if (v && virt_find(v, call->operand, &d, why) == 0) {
		r = show(call, v, &d);
		virt_release(v, &d);
	} else {
		command_complain(call, NULL, why);
	}
	virt_close(v);
	return r;
}

const struct command command_domain_show = {
	.words = { "domain", "show" },
	.options = options,
	.usage = PROGRAM " domain show NAME [OPTIONS]",
	.help = "what libvirt and the agent know of a domain",
	.call_size = sizeof(struct command_call),
	.run = run,
	.operand = "NAME",
};
