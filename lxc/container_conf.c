#include "lxc/container_conf.h"

#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r"

static void trim(const char **s, size_t *len)
{
	while (*len && strchr(BLANKS, **s)) {
		(*s)++;
		(*len)--;
	}
	while (*len && strchr(BLANKS, (*s)[*len - 1]))
		(*len)--;
}

static void unquote(const char **s, size_t *len)
{
	if (*len < 2 || (**s != '"' && **s != '\'') || (*s)[*len - 1] != **s)
		return;
	(*s)++;
	*len -= 2;
}

static bool parse_line(const char *text, struct container_item *item)
{
	const char *s = text + item->start;
	size_t len = item->end - item->start;
	const char *equals;

	if (len && s[len - 1] == '\n')
		len--;
	trim(&s, &len);
	if (len < 4 || memcmp(s, "lxc.", 4) != 0)
		return false;
	equals = memchr(s, '=', len);
	if (!equals)
		return false;
	item->key = s;
	item->key_len = (size_t)(equals - s);
	item->value = equals + 1;
	item->value_len = len - item->key_len - 1;
	trim(&item->key, &item->key_len);
	trim(&item->value, &item->value_len);
	unquote(&item->value, &item->value_len);
	return true;
}

bool container_conf_next(const char *text, struct container_place *place,
			 struct container_item *item)
{
	const char *s, *end;

	while (text[place->at]) {
		s = text + place->at;
		end = strchr(s, '\n');
		item->start = place->at;
		place->at += end ? (size_t)(end - s) + 1 : strlen(s);
		item->end = place->at;
		item->line = ++place->line;
		if (parse_line(text, item))
			return true;
	}
	return false;
}

static bool is(const char *s, size_t len, const char *want)
{
	return strlen(want) == len && !memcmp(s, want, len);
}

bool container_item_is(const struct container_item *item, const char *key)
{
	return is(item->key, item->key_len, key);
}

bool container_item_has(const struct container_item *item, const char *value)
{
	return is(item->value, item->value_len, value);
}

int container_item_device_rule(const struct container_item *item)
{
	if (container_item_is(item, "lxc.cgroup.devices.allow") ||
	    container_item_is(item, "lxc.cgroup.devices.deny"))
		return 1;
	if (container_item_is(item, "lxc.cgroup2.devices.allow") ||
	    container_item_is(item, "lxc.cgroup2.devices.deny"))
		return 2;
	return 0;
}
