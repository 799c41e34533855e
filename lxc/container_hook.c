#include "lxc/container_hook.h"

#include <string.h>

/* lxc/hook.sh as it is: there it is read, and checked, as a script. */
__asm__(".pushsection .rodata\n"
	"container_hook_body: .incbin \"lxc/hook.sh\"\n"
	".byte 0\n"
	".popsection\n");
extern const char container_hook_body[];

#define BODY_START "set -u\n" /* before it: for readers of the file */

static void print_indented(const char *text, FILE *out)
{
	size_t len;

	for (; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		fprintf(out, "#\t%.*s\n", (int)len, text);
	}
}

static void print_rules(const struct container_hook *h, FILE *out)
{
	static const char *const families[] = { "cgroup", "cgroup2" };
	char rule[32];

	container_device_rule(h->snippet, rule);
	for (int i = 0; i < 2; i++)
		if (h->sum->rules[i])
			fprintf(out, "#\tlxc.%s.devices.allow = %s\n",
				families[i],
				*rule ? rule : "c 166:N rw (N: as it is now)");
}

static void print_hooks(const struct container_hook *h, FILE *out)
{
	static const char *const types[] = { "pre-start", "autodev",
					     "start-host", "post-stop" };
	const char *id = h->snippet->id;

	for (int i = 0; i < 4; i++)
		fprintf(out,
			"#\tlxc.hook.%s = </dev/null; [ ! -x %s/%s.hook ] || "
			"exec %s/%s.hook %s #\n",
			types[i], h->dir, id, h->dir, id, types[i]);
}

static void print_head(const struct container_hook *h, FILE *out)
{
	const struct container_snippet *s = h->snippet;

	fprintf(out,
		"#!/bin/sh\n"
		"# A device of onerng-virt's for the container %s, by hand.\n"
		"# Made by onerngctl container hook.\n"
		"#\n"
		"# As root: save it as %s/%s.hook, mode 0755;\n"
		"# tell the host agent of the container, in "
		"hostd.conf.d/container-%s.conf:\n"
		"#\n"
		"#\t[container %s]\n",
		s->id, h->dir, s->id, s->id, s->id);
	print_indented(h->keys, out);
	fprintf(out,
		"#\n"
		"# and put these lines behind all others into\n"
		"# %s:\n"
		"#\n",
		s->config);
	print_rules(h, out);
	print_hooks(h, out);
	fprintf(out,
		"#\n"
		"# It tells the agent by the programs in\n"
		"# %s.\n"
		"# Where they are not, the agent does not know what runs: no "
		"pty is made anew\n"
		"# for a start, none gets bytes ahead of others, and a OneRNG "
		"that is passed\n"
		"# through has to be let go by hand "
		"(onerngctl device release PORT).\n",
		s->hook_dir);
	fputs("#\n"
	      "# The # at their ends keeps the container's name, which LXC "
	      "appends, from the\n"
	      "# shell; \"</dev/null;\" is for the exec that LXC puts in "
	      "front.\n",
	      out);
	if (!h->sum->rules[0] && !h->sum->rules[1])
		fputs("# There is no device rule among them: the container "
		      "has none, and a single\n"
		      "# one that allows would forbid all other devices.\n",
		      out);
}

static void print_values(const struct container_hook *h, FILE *out)
{
	const struct container_snippet *s = h->snippet;
	bool path = *s->place == '/';

	fprintf(out,
		"\ndevice=%s\n"
		"place='%s' port='%s' # what is passed through; both empty: "
		"the first OneRNG\n"
		"names='",
		container_device_name(s->device), path ? s->place : "",
		path ? "" : s->place);
	for (unsigned int i = 0; i < s->names; i++)
		fprintf(out, "%s%s", i ? " " : "", s->name[i]);
	fprintf(out,
		"'\n"
		"# as the host has them%s\n"
		"owner=%u group=%u mode=%04o inside=%u:%u\n"
		"require=%s\n"
		"id=%s run='%s' libdir='%s'\n"
		"facts=$run/lxc/$id.facts\n"
		"# not in /run, where nothing is a device\n"
		"own=/dev/onerng-$id\n\n",
		h->sum->idmapped ? "; inside: as the container has them" : "",
		s->owner + h->sum->uid, s->group + h->sum->gid, s->mode,
		s->owner, s->group, s->require ? "yes" : "no", s->id,
		s->run_dir, s->hook_dir);
}

void container_hook_print(const struct container_hook *h, FILE *out)
{
	print_head(h, out);
	print_values(h, out);
	fputs(strstr(container_hook_body, BODY_START), out);
}
