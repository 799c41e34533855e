#include "ctl/change.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "ctl/answer.h"
#include "libvirt-xml/domain_xml.h"

OPT_FLAG(change_set_live, struct change_call, live);
OPT_FLAG(change_set_config, struct change_call, config);
OPT_FLAG(change_set_dry_run, struct change_call, dry_run);
OPT_TEXT(change_set_drop_ins, struct change_call, registry.dir);
OPT_FLAG(change_set_no_register, struct change_call, no_register);

int change_complain(const struct change *c, const char *why)
{
	command_complain(&c->call->call, c->shown, why);
	return -1;
}

int change_run_dir(const struct command_call *call,
		   char out[static DOMAIN_RUN_DIR_MAX])
{
	const char *slash = strrchr(call->socket, '/');
	size_t len = slash ? (size_t)(slash - call->socket) : 0;

	if (call->socket[0] == '/' && len && len < DOMAIN_RUN_DIR_MAX) {
		memcpy(out, call->socket, len);
		out[len] = '\0';
		return 0;
	}
	command_complain(call, call->socket,
			 "not an absolute path in the agent's run_dir");
	return -1;
}

static int say_error(const struct change *c, const struct domain_error *error)
{
	char why[300];

	if (!error->line)
		return change_complain(c, error->text);
	snprintf(why, sizeof(why), "its XML, line %u: %s", error->line,
		 error->text);
	return change_complain(c, why);
}

/*
 * As virsh has it: where neither side is named the domain's present state is
 * meant, and that is the running domain if it runs.
 */
static int choose(struct change *c)
{
	const struct virt_domain *d = &c->domain;
	struct change_call *call = c->call;

	if (!call->live && !call->config) {
		call->live = d->active;
		call->config = !d->active;
		fprintf(stderr, "%s: %s: %s\n", call->call.program, c->shown,
			!d->active ? "is not running: --config is meant"
			: d->persistent
				? "runs: --live is meant, until it is shut "
				  "down; add --config for its next start"
				: "runs and is transient: --live is meant");
	}
	if (call->live && !d->active)
		return change_complain(c, "is not running: only --config can "
					  "be done");
	if (call->config && !d->persistent)
		return change_complain(c, "is transient, and has no "
					  "configuration that outlives it: "
					  "only --live can be done");
	c->live.wanted = call->live;
	c->config.wanted = call->config;
	return 0;
}

static int read_side(struct change *c, struct side *s, enum virt_xml which,
		     change_edit edit)
{
	struct domain_error error;
	char why[VIRT_WHY_MAX];

	if (!s->wanted)
		return 0;
	s->before = virt_xml(c->virt, &c->domain, which, why);
	if (!s->before)
		return change_complain(c, why);
	s->xml = domain_xml_parse(s->before, strlen(s->before), &error);
	if (!s->xml ||
	    domain_rng_find(s->xml, c->run_dir, &s->rng, &error) < 0 ||
	    edit(c, s->xml, &s->after, &error) < 0)
		return say_error(c, &error);
	return 0;
}

int change_find(struct change *c, struct change_call *call, change_edit edit,
		char why[static VIRT_WHY_MAX])
{
	int r;

	*c = (struct change){ .call = call };
	call->registry.socket = call->call.socket;
	if (!call->registry.dir)
		call->registry.dir = REGISTER_DIR;
	if (change_run_dir(&call->call, c->run_dir) < 0)
		return -1;
	c->virt = virt_open(call->call.uri, call->dry_run, why);
	if (!c->virt) {
		command_complain(&call->call, NULL, why);
		return -1;
	}
	r = virt_find(c->virt, call->call.operand, &c->domain, why);
	if (r == -ENOENT)
		return r;
	if (r < 0) {
		command_complain(&call->call, NULL, why);
		return -1;
	}
	log_escape(c->shown, sizeof(c->shown), c->domain.name,
		   strlen(c->domain.name));
	answer_set(&call->call, "name", json_string(c->domain.name));
	answer_set(&call->call, "uuid", json_string(c->domain.uuid));
	answer_set(&call->call, "live", json_null());
	answer_set(&call->call, "config", json_null());
	if (choose(c) < 0 || read_side(c, &c->live, VIRT_XML_LIVE, edit) < 0)
		return -1;
	/* secrets are for libvirt alone, not for a diff on a terminal */
	return read_side(c, &c->config,
			 call->dry_run ? VIRT_XML_CONFIG : VIRT_XML_DEFINABLE,
			 edit);
}

int change_begin(struct change *c, struct change_call *call, change_edit edit)
{
	char why[VIRT_WHY_MAX];
	int r = change_find(c, call, edit, why);

	if (r != -ENOENT)
		return r;
	command_complain(&call->call, NULL, why);
	return -1;
}

static void end_side(struct side *s)
{
	domain_xml_free(s->xml);
	free(s->before);
	free(s->after);
}

void change_end(struct change *c)
{
	end_side(&c->live);
	end_side(&c->config);
	if (c->virt)
		virt_release(c->virt, &c->domain);
	virt_close(c->virt);
}

static int show_side(const struct change *c, const struct side *s,
		     const char *which)
{
	char name[300];

	if (!s->after)
		return 0;
	snprintf(name, sizeof(name), "%s (%s)", c->shown, which);
	return answer_diff(&c->call->call, name, s->before, s->after);
}

void change_warn_saved(const struct change *c)
{
	char why[300];

	if (!c->config.after || !virt_has_saved(c->virt, &c->domain))
		return;
	snprintf(why, sizeof(why),
		 "is saved, and starts next with what it had then, not with "
		 "this configuration: virsh managedsave-remove %s throws the "
		 "saved state away",
		 c->domain.uuid);
	command_warn(&c->call->call, c->shown, why);
}

/* What is, or would be, another way; the agent is told apart. */
static void tell_side(const struct change *c, const struct side *s,
		      const char *key)
{
	if (s->wanted)
		answer_set(&c->call->call, key, json_boolean(s->after != NULL));
}

void change_tell(const struct change *c, const struct side *s, const char *done)
{
	const struct command_call *call = &c->call->call;
	bool live = s == &c->live;

	if (!s->wanted)
		return;
	tell_side(c, s, live ? "live" : "config");
	if (s->after)
		answer_changed(call);
	answer_line(call, "%s: %s: %s", c->shown,
		    live ? "running" : "configuration",
		    s->after ? done : "nothing to do");
}

int change_show(const struct change *c)
{
	answer_set(&c->call->call, "dry_run", json_true());
	tell_side(c, &c->live, "live");
	tell_side(c, &c->config, "config");
	if (show_side(c, &c->live, "running") < 0 ||
	    show_side(c, &c->config, "configuration") < 0)
		return command_complain(&c->call->call, NULL, "out of memory");
	return command_flush(&c->call->call);
}

/* Whether the configuration is as edited: 1; 0; -1, said. */
static int is_done(struct change *c, change_edit edit)
{
	struct side now = { .wanted = true };
	int r = read_side(c, &now, VIRT_XML_DEFINABLE, edit);

	if (r == 0)
		r = !now.after;
	end_side(&now);
	return r;
}

/* libvirt has no "define if it still is so": the gap is made small. */
static int is_unchanged(struct change *c)
{
	char why[VIRT_WHY_MAX];
	char *now = virt_xml(c->virt, &c->domain, VIRT_XML_DEFINABLE, why);
	int r;

	if (!now)
		return change_complain(c, why);
	r = !strcmp(now, c->config.before);
	free(now);
	return r;
}

int change_define(struct change *c, change_edit edit)
{
	char why[VIRT_WHY_MAX];
	int r = is_unchanged(c);

	if (r < 0)
		return -1;
	if (!r)
		return change_complain(c, "somebody else changed its "
					  "configuration meanwhile, which was "
					  "left as it is now: try again");
	if (virt_define(c->virt, c->config.after, why) < 0)
		return change_complain(c, why);
	r = is_done(c, edit);
	if (r < 0)
		return -1;
	if (!r)
		return change_complain(c, "libvirt took the configuration, "
					  "but it is not as it should be: "
					  "somebody else changes it too");
	return 0;
}
