#include "lxc/container_edit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "", "/" and so on, "/onerng.conf" */
static bool is_rest(const char *s, size_t len)
{
	static const char file[] = "/onerng.conf";
	size_t i = 0;

	while (i < len && s[i] == '/')
		i++;
	return i == len || (len == sizeof(file) - 1 && !memcmp(s, file, len));
}

/* What an operator keeps in that folder is his own. */
bool container_edit_is_ours(const struct container_item *item, const char *dir,
			    char id[static CONTAINER_ID_MAX])
{
	size_t above = strlen(dir), n, len;
	const char *s, *slash;

	if (!container_item_is(item, "lxc.include") ||
	    item->value_len <= above || item->value[above] != '/' ||
	    memcmp(item->value, dir, above) != 0)
		return false;
	s = item->value + above + 1;
	len = item->value_len - above - 1;
	slash = memchr(s, '/', len);
	n = slash ? (size_t)(slash - s) : len;
	if (n < 3 || n - 2 >= CONTAINER_ID_MAX ||
	    memcmp(s + n - 2, ".d", 2) != 0 || !is_rest(s + n, len - n))
		return false;
	memcpy(id, s, n - 2);
	id[n - 2] = '\0';
	return container_id_valid(id);
}

static bool is_userns(const struct container_item *item)
{
	static const char name[] = "userns.conf";
	size_t len = sizeof(name) - 1;

	return container_item_is(item, "lxc.include") &&
	       item->value_len >= len &&
	       !memcmp(item->value + item->value_len - len, name, len);
}

static bool may_undo(const struct container_item *item)
{
	return container_item_is(item, "lxc.include") ||
	       container_item_device_rule(item);
}

void container_edit_find(const char *text, const char *dir,
			 struct container_include *out)
{
	struct container_place place = { 0 };
	struct container_item item;
	char id[CONTAINER_ID_MAX];

	*out = (struct container_include){ 0 };
	while (container_conf_next(text, &place, &item)) {
		if (container_edit_is_ours(&item, dir, id)) {
			out->count++;
			out->line = item.line;
			out->undone = 0;
			out->emptied = false;
			out->slash = item.value[item.value_len - 1] == '/';
			memcpy(out->id, id, sizeof(id));
		} else if (out->count && may_undo(&item)) {
			if (!out->undone || is_userns(&item))
				out->undone = item.line;
			out->emptied |= is_userns(&item);
		}
	}
}

/* As the last of its lines that has an end. */
static const char *line_end(const char *text, size_t len)
{
	const char *feed = memrchr(text, '\n', len);

	return feed && feed > text && feed[-1] == '\r' ? "\r\n" : "\n";
}

/* What append() puts before our line, taken away. */
static size_t without_line_end(const char *text, size_t len)
{
	if (!len || text[len - 1] != '\n')
		return len;
	len--;
	if (len && text[len - 1] == '\r' && line_end(text, len - 1)[0] == '\r')
		len--;
	return len;
}

/* A last line without a line feed was given one when ours came after it. */
static size_t cut(char *out, size_t used, const struct container_item *item,
		  const char *text)
{
	if (text[item->end] || (item->end && text[item->end - 1] == '\n'))
		return used;
	return without_line_end(out, used);
}

int container_edit_detach(const char *text, const char *dir, char **after)
{
	struct container_place place = { 0 };
	struct container_item item;
	size_t used = 0, from = 0;
	char id[CONTAINER_ID_MAX];
	char *out = malloc(strlen(text) + 1);

	*after = NULL;
	if (!out)
		return -ENOMEM;
	while (container_conf_next(text, &place, &item)) {
		if (!container_edit_is_ours(&item, dir, id))
			continue;
		memcpy(out + used, text + from, item.start - from);
		used += item.start - from;
		from = item.end;
		used = cut(out, used, &item, text);
	}
	if (!from) {
		free(out);
		return 0;
	}
	memcpy(out + used, text + from, strlen(text + from) + 1);
	*after = out;
	return 1;
}

static char *append(const char *text, const char *dir, const char *id)
{
	size_t len = strlen(text);
	bool ended = !len || text[len - 1] == '\n';
	const char *end = line_end(text, len);
	char *out;

	if (asprintf(&out, "%s%slxc.include = %s/%s.d/%s", text,
		     ended ? "" : end, dir, id, ended ? end : "") < 0)
		return NULL;
	return out;
}

int container_edit_attach(const char *text, const char *dir, const char *id,
			  char **after)
{
	struct container_include now;
	char *bare = NULL;
	int err;

	*after = NULL;
	container_edit_find(text, dir, &now);
	if (now.count == 1 && now.slash && !now.undone && !strcmp(now.id, id))
		return 0;
	err = container_edit_detach(text, dir, &bare);
	if (err < 0)
		return err;
	*after = append(bare ? bare : text, dir, id);
	free(bare);
	return *after ? 1 : -ENOMEM;
}
