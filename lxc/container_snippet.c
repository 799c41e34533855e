#include "lxc/container_snippet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const hooks[] = { "pre-start", "autodev", "start-host",
				     "post-stop" };

const char *container_device_name(enum container_device device)
{
	static const char *const names[] = { "virtual", "plain", "hwrng",
					     "passthrough" };

	return names[device];
}

/*
 * virtual: a node of devpts cannot be made, only bound, so that nothing but
 * the agent's choice says which number it has.
 */
void container_device_rule(const struct container_snippet *s,
			   char out[static 32])
{
	out[0] = '\0';
	if (s->device == CONTAINER_HWRNG)
		snprintf(out, 32, "c 10:183 r");
	else if (s->device != CONTAINER_PASSTHROUGH)
		snprintf(out, 32, "c 136:* rw");
	else if (s->has_number)
		snprintf(out, 32, "c %u:%u rw", s->major, s->minor);
}

static void print_head(const struct container_snippet *s, FILE *out)
{
	fprintf(out,
		"# By onerngctl container attach, which writes it anew; "
		"container detach removes\n"
		"# it.  What is changed here by hand is lost.\n"
		"# config: %s\n",
		s->config);
	if (s->device == CONTAINER_PASSTHROUGH && *s->place && *s->place != '/')
		fprintf(out, "# port: %s\n", s->place);
}

static void print_rules(const struct container_snippet *s, FILE *out)
{
	static const char *const families[] = { "cgroup", "cgroup2" };
	char rule[32];

	container_device_rule(s, rule);
	for (int i = 0; i < 2; i++) {
		if (!s->rules[i])
			fprintf(out,
				"# no rule of %s: the container has none, "
				"and is free to use all devices\n",
				families[i]);
		else if (*rule)
			fprintf(out, "lxc.%s.devices.allow = %s\n", families[i],
				rule);
		else
			fprintf(out,
				"# no rule of %s: no such device is there\n",
				families[i]);
	}
}

/* The words behind the program's name. */
static void print_words(const struct container_snippet *s, FILE *out)
{
	bool path = s->device == CONTAINER_PASSTHROUGH && *s->place == '/';

	fprintf(out, " %s device=%s%s%s", s->id,
		container_device_name(s->device), path ? "=" : "",
		path ? s->place : "");
	for (unsigned int i = 0; i < s->names; i++)
		fprintf(out, " name=%s", s->name[i]);
	fprintf(out, " owner=%u group=%u mode=%04o require=%s%s", s->owner,
		s->group, s->mode, s->require ? "yes" : "no",
		s->socket ? " socket=yes" : "");
	if (strcmp(s->run_dir, CONTAINER_RUN_DIR) != 0)
		fprintf(out, " run=%s", s->run_dir);
}

/*
 * A removed package keeps no container from starting.  What LXC appends where
 * lxc.hook.version is 0, the container's name first, is a comment to the shell.
 * liblxc (5.0.2) puts "exec" in front: without the redirection, which is what
 * that takes then, the shell would become the test, and end as it does.
 */
static void print_hooks(const struct container_snippet *s, FILE *out)
{
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		fprintf(out,
			"lxc.hook.%s = </dev/null; [ ! -x %s/lxc-%s ] || exec %s/lxc-%s",
			hooks[i], s->hook_dir, hooks[i], s->hook_dir, hooks[i]);
		print_words(s, out);
		fputs(" #\n", out);
	}
}

char *container_snippet_text(const struct container_snippet *s)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	print_head(s, out);
	print_rules(s, out);
	if (s->socket)
		fprintf(out,
			"lxc.mount.entry = %s/lxc/%s dev/onerng.d none "
			"bind,ro,optional,create=dir 0 0\n",
			s->run_dir, s->id);
	print_hooks(s, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
