#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/replace.h"
#include "lxc/container_conf.h"
#include "lxc/container_edit.h"

static void walk(struct container_walk *w, const char *file, const char *text,
		 int depth);

/*
 * A file of root's alone, named by somebody else, may be one of /proc that a
 * read changes.
 */
static bool may_read(const struct container_walk *w, const char *path)
{
	struct stat st;

	return w->owner == 0 || w->owner == geteuid() ||
	       (stat(path, &st) == 0 &&
		(st.st_uid == w->owner || (st.st_mode & S_IROTH)));
}

static void walk_file(struct container_walk *w, const char *path, int depth)
{
	char *text;

	if (depth > CONTAINER_DEPTH_MAX || w->files >= CONTAINER_FILES_MAX ||
	    !may_read(w, path))
		return;
	w->files++;
	text = replace_read(path);
	if (text)
		walk(w, path, text, depth);
	free(text);
}

static int is_conf(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return len > 5 && !strcmp(d->d_name + len - 5, ".conf");
}

static void walk_folder(struct container_walk *w, const char *path, int depth)
{
	struct dirent **list;
	int i, n = scandir(path, &list, is_conf, alphasort);
	char file[PATH_MAX];

	for (i = 0; i < n; i++) {
		if ((size_t)snprintf(file, sizeof(file), "%s/%s", path,
				     list[i]->d_name) < sizeof(file))
			walk_file(w, file, depth);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

static void include(struct container_walk *w, const char *file,
		    const struct container_item *item, int depth)
{
	char path[PATH_MAX], id[CONTAINER_ID_MAX];
	struct stat st;

	if (!item->value_len || item->value_len >= sizeof(path) ||
	    *item->value != '/')
		return;
	memcpy(path, item->value, item->value_len);
	path[item->value_len] = '\0';
	if (w->skip && container_edit_is_ours(item, w->skip, id))
		return;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		walk_folder(w, path, depth + 1);
	else if (access(path, F_OK) == 0)
		walk_file(w, path, depth + 1);
	else if (path[item->value_len - 1] != '/' && w->missing)
		w->missing(w->ctx, file, item);
}

static void walk(struct container_walk *w, const char *file, const char *text,
		 int depth)
{
	struct container_place place = { 0 };
	struct container_item item;

	while (container_conf_next(text, &place, &item)) {
		if (w->item)
			w->item(w->ctx, file, &item);
		if (container_item_is(&item, "lxc.include"))
			include(w, file, &item, depth);
	}
}

void container_conf_walk(struct container_walk *w, const char *file,
			 const char *text)
{
	struct stat st;

	w->owner = stat(file, &st) == 0 ? st.st_uid : geteuid();
	walk(w, file, text, 0);
}

/* Lists of rules, each emptied by an item without a value. */
struct lists {
	struct container_sum *sum;
	unsigned int allow[2], deny[2];
};

static void count_rule(struct lists *l, int family,
		       const struct container_item *item)
{
	bool allow = item->key[item->key_len - 1] == 'w';
	unsigned int *list = allow ? &l->allow[family - 1]
				   : &l->deny[family - 1];

	*list = item->value_len ? *list + 1 : 0;
}

/* "u 0 100000 65536": where its root is on the host */
static void note_idmap(struct container_sum *sum,
		       const struct container_item *item)
{
	unsigned int inside, outside, range;
	char type, text[64];

	if (!item->value_len) {
		sum->idmapped = false;
		return;
	}
	snprintf(text, sizeof(text), "%.*s", (int)item->value_len, item->value);
	if (sscanf(text, "%c %u %u %u", &type, &inside, &outside, &range) != 4)
		return;
	sum->idmapped = true;
	if (inside == 0 && (type == 'u' || type == 'b'))
		sum->uid = outside;
	if (inside == 0 && (type == 'g' || type == 'b'))
		sum->gid = outside;
}

static void add_item(void *ctx, const char *file,
		     const struct container_item *item)
{
	struct lists *l = ctx;
	int family = container_item_device_rule(item);

	(void)file;
	if (family)
		count_rule(l, family, item);
	else if (container_item_is(item, "lxc.idmap"))
		note_idmap(l->sum, item);
	else if (container_item_is(item, "lxc.hook.version"))
		l->sum->hook_version = container_item_has(item, "1");
}

void container_conf_sum(const char *file, const char *text, const char *skip,
			struct container_sum *sum)
{
	struct lists lists = { .sum = sum };
	struct container_walk w = { .item = add_item,
				    .ctx = &lists,
				    .skip = skip };

	*sum = (struct container_sum){ 0 };
	container_conf_walk(&w, file, text);
	for (int i = 0; i < 2; i++)
		sum->rules[i] = lists.allow[i] || lists.deny[i];
}
