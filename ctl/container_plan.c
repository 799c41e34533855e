#include "ctl/container_plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/diff.h"
#include "common/replace.h"
#include "ctl/container_device.h"
#include "ctl/policy.h"

int plan_set_dry_run(void *call, const char *value, const char **why)
{
	(void)value;
	(void)why;
	((struct plan_call *)call)->dry_run = true;
	return 0;
}

int plan_set_no_register(void *call, const char *value, const char **why)
{
	(void)value;
	(void)why;
	((struct plan_call *)call)->no_register = true;
	return 0;
}

static int begin(struct plan *p, struct plan_call *call)
{
	struct container_host *h = &call->of.host;
	char why[LXCAPI_WHY_MAX], path[REGISTER_PATH_MAX];
	int err;

	*p = (struct plan){ .call = call };
	if (container_begin(h, &call->of.call) < 0)
		return -1;
	err = container_find(h, call->of.call.operand, &p->c, why);
	if (err) {
		command_complain(&call->of.call, NULL, why);
		return -1;
	}
	snprintf(p->config.path, sizeof(p->config.path), "%s", p->c.config);
	p->config.before = strdup(p->c.text);
	if (!container_generated_path(h, p->c.id, p->generated.path))
		return container_complain(&p->c, strerror(ENAMETOOLONG));
	p->generated.before = replace_read(p->generated.path);
	register_container_path(path, &h->registry, p->c.id);
	snprintf(p->drop_in.path, sizeof(p->drop_in.path), "%s", path);
	p->drop_in.before = replace_read(path);
	return p->config.before ? 0
				: container_complain(&p->c, strerror(ENOMEM));
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

/* What it has, and what was given over that; all names are given anew. */
static void overlay(struct container_snippet *s, const struct plan_call *call)
{
	const struct plan_option *o;
	const char *why;
	bool named = false;

	for (size_t i = 0; i < call->options; i++) {
		o = &call->option[i];
		if (!strcmp(o->name, "name") && !named)
			s->names = 0;
		named |= !strcmp(o->name, "name");
		/* it was checked as it was given */
		container_snippet_set(s, o->name, o->value, &why);
	}
	if (!s->names)
		container_snippet_set(s, "name", "onerng", &why);
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

static char *keys_text(const struct plan *p)
{
	const struct container_snippet *s = &p->c.snippet;
	struct domain_policy policy = { 0 };
	char *text = NULL, port[CONTAINER_PLACE_MAX];
	const char *device;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	read_policy(p->drop_in.before, &policy);
	policy_overlay(&policy, &p->call->policy);
	device = container_device_for_agent(s, port);
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

	if (begin(p, call) < 0)
		return -1;
	overlay(s, call);
	memcpy(s->rules, p->c.sum.rules, sizeof(s->rules));
	container_device_look(s, p->c.host);
	if (container_edit_attach(p->config.before, p->c.host->dir, p->c.id,
				  &p->config.after) < 0)
		return container_complain(&p->c, strerror(ENOMEM));
	p->generated.after = container_snippet_text(s);
	p->keys = keys_text(p);
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
	if (begin(p, call) < 0)
		return -1;
	if (container_edit_detach(p->config.before, p->c.host->dir,
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

static int show_file(const struct plan_file *f, bool wanted)
{
	if (!wanted)
		return 0;
	return diff_print(f->path, f->before ? f->before : "",
			  f->after ? f->after : "", stdout);
}

int plan_show(const struct plan *p)
{
	const struct command_call *call = &p->call->of.call;

	if (show_file(&p->config, p->config.after != NULL) < 0 ||
	    show_file(&p->generated, true) < 0 ||
	    show_file(&p->drop_in, !p->call->no_register && !p->elsewhere) < 0)
		return command_complain(call, NULL, strerror(ENOMEM));
	return command_flush(call);
}
