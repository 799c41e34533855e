/*
 * hostconf_start.c - the configuration of an agent that starts
 *
 * A reload that finds an error changes nothing, and nobody notices.  A start
 * has nothing to go back to: an agent that did not start would take the bytes
 * from every guest that runs, because of a line about one of them.  So what is
 * in a drop-in of its own, as onerngctl writes them, is left out alone.  An
 * error in what concerns all, a weaker limit or another H, is no such thing.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host-agent/hostconf_priv.h"

static bool begins_with(const char *text, const char *head)
{
	return !strncmp(text, head, strlen(head));
}

/* Has it sections of domains and containers alone?  Unreadable: nobody knows. */
static bool has_others(const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL, *text;
	bool others = false;
	size_t size = 0;

	while (f && !others && getline(&line, &size, f) >= 0) {
		text = line + strspn(line, " \t\xef\xbb\xbf");
		others = *text == '[' && !begins_with(text, "[domain ") &&
			 !begins_with(text, "[container ");
	}
	free(line);
	if (f)
		fclose(f);
	return others;
}

static bool is_of_one(const char *path)
{
	const char *name = strrchr(path, '/') + 1;

	return (begins_with(name, "domain-") ||
		begins_with(name, "container-")) &&
	       !has_others(path);
}

static void *copy_list(const void *list, size_t count, size_t each)
{
	void *copy = calloc(count + 1, each);

	if (copy && count)
		memcpy(copy, list, count * each);
	return copy;
}

/* Another one of the same, without what was left out. */
static struct hostconf *copy_of(const struct hostconf *c)
{
	struct hostconf *copy = malloc(sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *c;
	copy->left_out = NULL;
	copy->left_out_count = 0;
	copy->domains =
		copy_list(c->domains, c->domains_count, sizeof(*c->domains));
	copy->containers = copy_list(c->containers, c->containers_count,
				     sizeof(*c->containers));
	if (copy->domains && copy->containers)
		return copy;
	hostconf_free(copy);
	return NULL;
}

static int no_memory(const char *path, char *err, size_t err_size)
{
	snprintf(err, err_size, "%s: out of memory", path);
	return -ENOMEM;
}

static int is_whole(const struct hostconf *c, const char *path, char *err,
		    size_t err_size)
{
	struct hostconf *copy = copy_of(c);
	int r = copy ? hostconf_finish(copy, path, err, err_size)
		     : no_memory(path, err, err_size);

	hostconf_free(copy);
	return r;
}

static int leave_out(struct hostconf *c, const char *why)
{
	char(*list)[INI_WHY_MAX] =
		reallocarray(c->left_out, c->left_out_count + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	c->left_out = list;
	snprintf(list[c->left_out_count++], sizeof(*list), "%s", why);
	return 0;
}

/* All of it or nothing.  0 or -ENOMEM. */
static int try(struct hostconf *c, const char *path)
{
	struct hostconf *with = copy_of(c), old;
	char why[INI_WHY_MAX];
	int r = with ? hostconf_read(with, path, why, sizeof(why)) : -ENOMEM;

	if (r == 0)
		r = is_whole(with, path, why, sizeof(why));
	if (r == 0) {
		old = *c;
		*c = *with;
		c->left_out = old.left_out;
		c->left_out_count = old.left_out_count;
		old.left_out = NULL;
		*with = old;
	} else if (r != -ENOMEM) {
		r = leave_out(c, why);
	}
	hostconf_free(with);
	return r;
}

static int read_all(struct hostconf *c, const char *path, char *err,
		    size_t err_size)
{
	char **dropins;
	int i, n, r = hostconf_read(c, path, err, err_size);

	if (r < 0)
		return r;
	n = ini_dropins(path, &dropins, err, err_size);
	if (n < 0)
		return n;
	for (i = 0; i < n && r == 0; i++) {
		if (!is_of_one(dropins[i]))
			r = hostconf_read(c, dropins[i], err, err_size);
		else if (try(c, dropins[i]) < 0)
			r = no_memory(dropins[i], err, err_size);
	}
	ini_free_dropins(dropins, n);
	return r;
}

int hostconf_load_for_start(const char *path, struct hostconf **out, char *err,
			    size_t err_size)
{
	struct hostconf *c;
	int r = hostconf_load(path, out, err, err_size);

	if (r == 0 || r == -ENOMEM)
		return r;
	c = hostconf_new();
	if (!c)
		return no_memory(path, err, err_size);
	r = read_all(c, path, err, err_size);
	if (r == 0)
		r = hostconf_finish(c, path, err, err_size);
	if (r == 0)
		*out = c;
	else
		hostconf_free(c);
	return r;
}
