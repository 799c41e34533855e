#include "ctl/container_plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/replace.h"
#include "ctl/answer.h"
#include "ctl/container_device.h"
#include "ctl/policy.h"

OPT_FLAG(plan_set_dry_run, struct plan_call, dry_run);
OPT_FLAG(plan_set_no_register, struct plan_call, no_register);

static int begin_files(struct plan *p)
{
	const struct container_host *h = p->c.host;
	char path[REGISTER_PATH_MAX];

	if (!container_generated_path(h, p->c.id, p->generated.path))
		return container_complain(&p->c, strerror(ENAMETOOLONG));
	p->generated.before = replace_read(p->generated.path);
	register_container_path(path, &h->registry, p->c.id);
	snprintf(p->drop_in.path, sizeof(p->drop_in.path), "%s", path);
	p->drop_in.before = replace_read(path);
	memcpy(p->config.path, p->c.real, sizeof(p->c.real));
	p->config.before = p->c.text ? strdup(p->c.text) : NULL;
	if (p->c.text && !p->config.before)
		return container_complain(&p->c, strerror(ENOMEM));
	return 0;
}

/* A container that is gone, and left behind what we made for it. */
static bool find_left_over(struct plan *p, const char *name)
{
	struct container *c = &p->c;

	if (!container_id_valid(name))
		return false;
	snprintf(c->id, sizeof(c->id), "%s", name);
	if (begin_files(p) < 0)
		return false;
	p->left_over = p->generated.before || p->drop_in.before;
	return p->left_over;
}

static int begin(struct plan *p, struct plan_call *call, bool also_left_over)
{
	struct container_host *h = &call->of.host;
	const char *name = call->of.call.operand;
	char why[LXCAPI_WHY_MAX];
	int err;

	*p = (struct plan){ .call = call };
	if (container_begin(h, &call->of.call) < 0)
		return -1;
	err = container_find(h, name, &p->c, why);
	if (!err && begin_files(p) < 0)
		return -1;
	if (!err ||
	    (err == -ENOENT && also_left_over && find_left_over(p, name))) {
		answer_set(&call->of.call, "name", answer_text(name));
		answer_set(&call->of.call, "id", json_string(p->c.id));
		answer_set(&call->of.call, "live", json_null());
		return 0;
	}
	command_complain(&call->of.call, NULL, why);
	return -1;
}

static void end_file(struct plan_file *f)
{
	free(f->before);
	free(f->after);
}

void plan_end(struct plan *p)
{
	end_file(&p->config);
	end_file(&p->generated);
	end_file(&p->drop_in);
	free(p->keys);
	container_release(&p->c);
	container_end(&p->call->of.host);
}

/* What an earlier attach told the agent. */
static void read_policy(const char *text, struct domain_policy *policy)
{
	char line[128], *equals;
	const char *why;
	size_t len;

	for (; text && *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		equals = strchr(line, '=');
		if (!equals || *line == '#')
			continue;
		*equals = '\0';
		domain_policy_set(policy,
				  strcmp(line, "when_absent") ? line
							      : "when-absent",
				  equals + 1, &why);
	}
}

char *plan_keys(const struct container_snippet *s, const char *before,
		const struct domain_policy *given)
{
	struct domain_policy policy = { 0 };
	char *text = NULL, port[CONTAINER_PLACE_MAX];
	const char *device = container_device_for_agent(s, port);
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	read_policy(before, &policy);
	policy_overlay(&policy, given);
	fprintf(out, "device=%s\n", device);
	if (*port)
		fprintf(out, "port=%s\n", port);
	if (s->socket)
		fputs("socket=yes\n", out);
	policy_print_keys(&policy, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static bool is_elsewhere(const struct plan *p)
{
	json_t *known =
		register_container_consumer(&p->c.host->registry, p->c.id);

	json_decref(known);
	return known && !p->drop_in.before;
}

int plan_attach(struct plan *p, struct plan_call *call)
{
	struct container_snippet *s = &p->c.snippet;

	if (begin(p, call, false) < 0)
		return -1;
	plan_overlay(s, call);
	memcpy(s->rules, p->c.sum.rules, sizeof(s->rules));
	container_device_look(s, p->c.host);
	if (container_edit_attach(p->config.before, p->c.host->dir, p->c.id,
				  &p->config.after) < 0)
		return container_complain(&p->c, strerror(ENOMEM));
	p->generated.after = container_snippet_text(s);
	p->keys = plan_keys(s, p->drop_in.before, &call->policy);
	p->elsewhere = !call->no_register && is_elsewhere(p);
	if (p->keys && !call->no_register && !p->elsewhere)
		p->drop_in.after = register_container_text(p->c.id, p->keys);
	if (!p->generated.after || !p->keys ||
	    (!p->drop_in.after && !call->no_register && !p->elsewhere))
		return container_complain(&p->c, strerror(ENOMEM));
	return 0;
}

int plan_detach(struct plan *p, struct plan_call *call)
{
	if (begin(p, call, true) < 0)
		return -1;
	if (!p->left_over &&
	    container_edit_detach(p->config.before, p->c.host->dir,
				  &p->config.after) < 0)
		return container_complain(&p->c, strerror(ENOMEM));
	return 0;
}

bool plan_changes(const struct plan_file *f)
{
	if (!f->before || !f->after)
		return f->before != f->after;
	return strcmp(f->before, f->after) != 0;
}

bool plan_does(const struct plan *p)
{
	return p->config.after || plan_changes(&p->generated);
}

static int show_file(const struct command_call *call, const struct plan_file *f,
		     bool wanted)
{
	if (!wanted)
		return 0;
	return answer_diff(call, f->path, f->before ? f->before : "",
			   f->after ? f->after : "");
}

int plan_show(const struct plan *p)
{
	const struct command_call *call = &p->call->of.call;

	answer_set(call, "dry_run", json_true());
	answer_set(call, "config", json_boolean(plan_does(p)));
	if (show_file(call, &p->config, p->config.after != NULL) < 0 ||
	    show_file(call, &p->generated, true) < 0 ||
	    show_file(call, &p->drop_in,
		      !p->call->no_register && !p->elsewhere) < 0)
		return command_complain(call, NULL, strerror(ENOMEM));
	return command_flush(call);
}
