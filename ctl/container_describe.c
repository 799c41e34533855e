#include "ctl/container_describe.h"

#include <stdio.h>
#include <string.h>

static json_t *names_of(const struct container_snippet *s)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < s->names; i++)
		json_array_append_new(list, json_string(s->name[i]));
	return list;
}

static json_t *rules_of(const struct container_snippet *s)
{
	json_t *list = json_array();

	if (s->rules[0])
		json_array_append_new(list, json_string("cgroup"));
	if (s->rules[1])
		json_array_append_new(list, json_string("cgroup2"));
	return list;
}

static void add_generated(json_t *o, const struct container_snippet *s)
{
	char mode[8];

	snprintf(mode, sizeof(mode), "%04o", s->mode);
	json_object_set_new(o, "device",
			    json_string(container_device_name(s->device)));
	json_object_set_new(o, "place",
			    *s->place ? json_string(s->place) : json_null());
	json_object_set_new(o, "names", names_of(s));
	json_object_set_new(o, "owner", json_integer(s->owner));
	json_object_set_new(o, "group", json_integer(s->group));
	json_object_set_new(o, "mode", json_string(mode));
	json_object_set_new(o, "require", json_boolean(s->require));
	json_object_set_new(o, "socket", json_boolean(s->socket));
	json_object_set_new(o, "rules", rules_of(s));
}

json_t *container_describe(struct container *c, const json_t *status)
{
	struct container_snippet as_written;
	struct lxc_facts facts;
	bool there = c->generated &&
		     container_snippet_parse(c->generated, &as_written) == 0;
	json_t *agent = register_find_container(status, c->id), *o;

	o = json_pack("{s:s, s:s, s:s, s:s, s:b, s:b}", "name", c->name, "id",
		      c->id, "config", c->config, "state", container_state(c),
		      "attached", there && c->include.count && !c->foreign,
		      "idmapped", c->sum.idmapped);
	if (!o)
		return NULL;
	if (there)
		add_generated(o, &as_written);
	else
		json_object_set_new(o, "device", json_null());
	json_object_set_new(o, "node",
			    container_read_facts(c->host, c->id, &facts) &&
					    *facts.node
				    ? json_string(facts.node)
				    : json_null());
	json_object_set_new(o, "agent",
			    agent ? json_incref(agent) : json_null());
	return o;
}
