/*
 * A container's configuration: whatever the text, attach makes one that has
 * our include once, and detach gives back what it would be without.  The same
 * bytes as what is generated are understood or not, and judged.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lxc/container_check.h"
#include "lxc/container_conf.h"
#include "lxc/container_edit.h"
#include "lxc/container_snippet.h"

#define DIR_LXC "/etc/onerng/lxc"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

/* The text that comes of it, to be freed. */
static char *act(const char *text, const char *id)
{
	char *out;
	int r = id ? container_edit_attach(text, DIR_LXC, id, &out)
		   : container_edit_detach(text, DIR_LXC, &out);

	require(r >= 0 && r == (out != NULL));
	return out ? out : strdup(text);
}

static void edit(const char *text)
{
	struct container_include found;
	char *bare = act(text, NULL), *with = act(text, "web");
	char *from_bare = act(bare, "web"), *back = act(from_bare, NULL);

	container_edit_find(bare, DIR_LXC, &found);
	require(found.count == 0);
	container_edit_find(with, DIR_LXC, &found);
	require(found.count == 1 && found.slash && !found.undone &&
		!strcmp(found.id, "web"));
	require(!strcmp(back, bare));
	free(back);
	free(from_bare);
	free(with);
	free(bare);
}

/* Without what it includes, which is not the same on every machine. */
static void judge(char *text)
{
	struct container_include include;
	struct container_sum sum;
	struct findings found = { 0 };
	struct container_known k = { .name = "web",
				     .config = "/web/config",
				     .text = text,
				     .dir = DIR_LXC,
				     .include = &include,
				     .sum = &sum };

	container_edit_find(text, DIR_LXC, &include);
	for (char *s = text; (s = strstr(s, "include")); s++)
		*s = 'I';
	container_conf_sum(k.config, text, DIR_LXC, &sum);
	container_check(&k, &found);
	require(found.err == 0 && found.count <= FINDINGS_MAX);
	findings_clear(&found);
}

/* What was understood is written as something that is understood alike. */
static void read_generated(const char *text)
{
	struct container_snippet s, again;
	char *one, *other;

	if (container_snippet_parse(text, &s) < 0)
		return;
	one = container_snippet_text(&s);
	require(one && container_snippet_parse(one, &again) == 0);
	other = container_snippet_text(&again);
	require(other && !strcmp(one, other));
	free(other);
	free(one);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	edit(text);
	read_generated(text);
	judge(text);
	free(text);
	return 0;
}
