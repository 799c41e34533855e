#include "host-agent/domwatch_line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host-agent/domains_file.h"

static int say(char *why, const char *text)
{
	snprintf(why, DOMWATCH_WHY_MAX, "%s", text);
	return -EINVAL;
}

static int take_flag(struct domwatch_line *out, const json_t *o,
		     const char *name, char *why)
{
	const json_t *value = json_object_get(o, name);

	if (!json_is_boolean(value)) {
		snprintf(why, DOMWATCH_WHY_MAX, "%s is not true or false",
			 name);
		return -EINVAL;
	}
	out->flag = json_is_true(value);
	return 0;
}

static int take_look(struct domwatch_line *out, const json_t *o, char *why)
{
	return take_flag(out, o, "whole", why);
}

static int take_alive(struct domwatch_line *out, const json_t *o, char *why)
{
	return take_flag(out, o, "libvirt", why);
}

static int take_end(struct domwatch_line *out, const json_t *o, char *why)
{
	(void)out;
	(void)o;
	(void)why;
	return 0;
}

static int take_state(struct reconcile_seen *seen, const char *state)
{
	static const char *const names[] = {
		[RECONCILE_RUNNING] = "running",
		[RECONCILE_DOWN] = "down",
		[RECONCILE_UNDEFINED] = "undefined",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], state)) {
			seen->state = (enum reconcile_state)i;
			return 0;
		}
	return -EINVAL;
}

static int take_domain(struct domwatch_line *out, const json_t *o, char *why)
{
	const json_t *policy = json_object_get(o, "policy");
	const char *socket = json_string_value(json_object_get(o, "socket"));
	const char *uuid = json_string_value(json_object_get(o, "uuid"));
	const char *name = json_string_value(json_object_get(o, "name"));
	const char *state = json_string_value(json_object_get(o, "state"));
	struct reconcile_seen *seen = &out->seen;

	if (!uuid || domains_file_uuid(seen->uuid, uuid) < 0)
		return say(why, "no uuid, or none that is one");
	if (!state || take_state(seen, state) < 0)
		return say(why, "state is not running, down or undefined");
	if (name && domains_file_name(seen->name, name) < 0)
		return say(why, "a name that is empty");
	if (!name && seen->state == RECONCILE_RUNNING)
		return say(why, "no name");
	if (socket && strlen(socket) < sizeof(out->socket))
		memcpy(out->socket, socket, strlen(socket) + 1);
	if (seen->state == RECONCILE_RUNNING)
		seen->usb_count =
			passed_parse(seen->usb, json_object_get(o, "usb"));
	seen->has_wish = policy && seen->state == RECONCILE_RUNNING;
	return seen->has_wish ? wish_parse(&seen->wish, policy, why) : 0;
}

static const struct {
	const char *name;
	int (*take)(struct domwatch_line *out, const json_t *o, char *why);
} ops[] = {
	[DOMWATCH_LOOK] = { "look", take_look },
	[DOMWATCH_DOMAIN] = { "domain", take_domain },
	[DOMWATCH_END] = { "end", take_end },
	[DOMWATCH_ALIVE] = { "alive", take_alive },
};

int domwatch_line_parse(struct domwatch_line *out, const char *text, size_t len,
			char why[static DOMWATCH_WHY_MAX])
{
	json_t *o = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	const char *op = json_string_value(json_object_get(o, "op"));
	int r = op ? 0 : say(why, "not JSON with an op");
	size_t i;

	memset(out, 0, sizeof(*out));
	out->op = DOMWATCH_OTHER;
	for (i = 0; op && i < DOMWATCH_OTHER; i++) {
		if (strcmp(ops[i].name, op) != 0)
			continue;
		out->op = (enum domwatch_op)i;
		r = ops[i].take(out, o, why);
	}
	json_decref(o);
	return r;
}
