/* How a domain or a container is served, until the agent reloads. */
#include <stdlib.h>

#include "ctl/answer.h"
#include "ctl/container.h"
#include "ctl/policy.h"
#include "ctl/set.h"

/* A domain needs nothing of LXC's. */
struct set_call {
	struct container_call of;
	struct domain_policy policy;
};

POLICY_SETTER(struct set_call, class, "class")
POLICY_SETTER(struct set_call, absent, "when-absent")
POLICY_SETTER(struct set_call, rate, "rate")
POLICY_SETTER(struct set_call, burst, "burst")
POLICY_SETTER(struct set_call, weight, "weight")

#define SET_OPTIONS                                                     \
	POLICY_OPT_CLASS(set_class), POLICY_OPT_ABSENT(set_absent),     \
		POLICY_OPT_RATE(set_rate), POLICY_OPT_BURST(set_burst), \
		POLICY_OPT_WEIGHT(set_weight)

static const struct opt domain_options[] = {
	SET_OPTIONS,
	COMMAND_OPT_JSON,
	COMMAND_OPT_HELP,
	COMMAND_OPT_END,
};

static const struct opt container_options[] = {
	SET_OPTIONS,	  CONTAINER_OPT_PATH, CONTAINER_OPT_INCLUDES,
	COMMAND_OPT_JSON, COMMAND_OPT_HELP,   COMMAND_OPT_END,
};

/* What the agent says is what it was set to. */
static int answer(const struct command_call *call, const json_t *request)
{
	json_t *result = command_request(call, request);

	if (!result)
		return EXIT_FAILURE;
	json_object_update(call->answer, result);
	json_decref(result);
	answer_changed(call);
	return EXIT_SUCCESS;
}

static int change(const struct set_call *c, const char *kind,
		  const char *consumer)
{
	const struct command_call *call = &c->of.call;
	json_t *request;
	int r;

	if (!policy_is_given(&c->policy)) {
		command_complain(call, NULL,
				 "nothing to change: give --class, "
				 "--when-absent, --rate, --burst or --weight");
		return EXIT_USAGE;
	}
	request = set_request(kind, consumer, &c->policy);
	if (!request)
		return command_complain(call, consumer, "not a name");
	r = call->answer ? answer(call, request)
			 : command_ask(call, request, set_print);
	json_decref(request);
	return r;
}

static int run_domain(void *ctx)
{
	const struct set_call *c = ctx;

	return change(c, NULL, c->of.call.operand);
}

const struct command command_domain_set = {
	.words = { "domain", "set" },
	.options = domain_options,
	.usage = PROGRAM " domain set NAME [OPTIONS]",
	.help = "how a domain (name or UUID) or \"host\" is served, "
		"until a reload",
	.call_size = sizeof(struct set_call),
	.run = run_domain,
	.answers = true,
	.operand = "NAME",
};

/* What is no attached container's name is an ID: it need not be LXC's. */
static int run_container(void *ctx)
{
	struct set_call *c = ctx;
	struct container_host *h = &c->of.host;
	const char *id = c->of.call.operand, *path;
	char why[LXCAPI_WHY_MAX];
	struct container found = { .host = h };
	int r;

	h->call = &c->of.call;
	if (container_find_lxc(h, &path) == 0 &&
	    container_find(h, id, &found, why) == 0 && found.include.count &&
	    !found.foreign)
		id = found.id;
	r = change(c, "container", id);
	container_release(&found);
	container_end(h);
	return r;
}

const struct command command_container_set = {
	.words = { "container", "set" },
	.options = container_options,
	.usage = PROGRAM " container set NAME [OPTIONS]",
	.help = "how a container (name or ID) is served, until a reload",
	.call_size = sizeof(struct set_call),
	.run = run_container,
	.answers = true,
	.operand = "NAME",
};
