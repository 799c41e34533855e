/* Options, and the generated file read back. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/opt.h"
#include "lxc/container_conf.h"
#include "lxc/container_snippet.h"

#define ID_LIMIT  4294967294ull /* the highest is no user */
#define WORDS_MAX 512

void container_snippet_init(struct container_snippet *s)
{
	*s = (struct container_snippet){ .group = 20, /* dialout */
					 .mode = 0660 };
}

static int copy(char *out, size_t size, const char *value)
{
	size_t len = strlen(value);

	if (!len || len >= size)
		return -EINVAL;
	memcpy(out, value, len + 1);
	return 0;
}

static bool only(const char *s, const char *others)
{
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr(others, *s))
			return false;
	return true;
}

/* A port ("1-2.3"), or a path that a shell and LXC take for nothing else. */
static int set_place(struct container_snippet *s, const char *value)
{
	bool path = *value == '/';

	if (path && (strncmp(value, "/dev/", 5) != 0 || !value[5] ||
		     strstr(value, "..") || !only(value, "/_.-:")))
		return -EINVAL;
	if (!path && (!isdigit((unsigned char)*value) ||
		      strspn(value, "0123456789.-") != strlen(value)))
		return -EINVAL;
	return copy(s->place, sizeof(s->place), value);
}

static int set_device(struct container_snippet *s, const char *value,
		      const char **why)
{
	size_t len = strcspn(value, "=");
	const char *name;

	*why = "not virtual, plain, hwrng or passthrough[=PORT|=/dev/NODE]";
	s->place[0] = '\0';
	for (int i = CONTAINER_VIRTUAL; i <= CONTAINER_PASSTHROUGH; i++) {
		name = container_device_name((enum container_device)i);
		if (strlen(name) != len || strncmp(name, value, len) != 0)
			continue;
		s->device = (enum container_device)i;
		if (!value[len])
			return 0;
		return i == CONTAINER_PASSTHROUGH
			       ? set_place(s, value + len + 1)
			       : -EINVAL;
	}
	return -EINVAL;
}

static int add_name(struct container_snippet *s, const char *value,
		    const char **why)
{
	*why = "not a name of up to 31 letters, digits, _, - and .";
	if (!isalnum((unsigned char)*value) || !only(value, "_-.") ||
	    !strcmp(value, "onerng.d"))
		return -EINVAL;
	for (unsigned int i = 0; i < s->names; i++)
		if (!strcmp(s->name[i], value))
			return 0;
	if (s->names == CONTAINER_NAMES_MAX) {
		*why = "more than four names";
		return -EINVAL;
	}
	if (copy(s->name[s->names], CONTAINER_NAME_MAX, value) < 0)
		return -EINVAL;
	s->names++;
	return 0;
}

static int set_number(unsigned int *out, const char *value, const char **why)
{
	unsigned long long n;

	*why = "not a number that a user or a group may have";
	if (opt_u64(value, 0, ID_LIMIT, &n) < 0)
		return -EINVAL;
	*out = (unsigned int)n;
	return 0;
}

static int set_mode(struct container_snippet *s, const char *value,
		    const char **why)
{
	size_t len = strlen(value);

	*why = "not an octal mode up to 0666";
	if (!len || len > 4 || strspn(value, "01234567") != len)
		return -EINVAL;
	s->mode = (unsigned int)strtoul(value, NULL, 8);
	return s->mode & ~0666u ? -EINVAL : 0;
}

static int set_bool(bool *out, const char *value, const char **why)
{
	*why = "not yes or no";
	*out = !strcmp(value, "yes");
	return *out || !strcmp(value, "no") ? 0 : -EINVAL;
}

int container_snippet_set(struct container_snippet *s, const char *option,
			  const char *value, const char **why)
{
	if (!strcmp(option, "device"))
		return set_device(s, value, why);
	if (!strcmp(option, "name"))
		return add_name(s, value, why);
	if (!strcmp(option, "owner"))
		return set_number(&s->owner, value, why);
	if (!strcmp(option, "group"))
		return set_number(&s->group, value, why);
	if (!strcmp(option, "mode"))
		return set_mode(s, value, why);
	if (!strcmp(option, "require"))
		return set_bool(&s->require, value, why);
	if (!strcmp(option, "socket"))
		return set_bool(&s->socket, value, why);
	*why = "not known";
	return -EINVAL;
}

/* "# KEY VALUE" of the head; 0 also if there is none. */
static int read_comment(const char *text, const char *key, char *out,
			size_t size)
{
	const char *s = strstr(text, key);
	size_t len;

	if (!s || (s != text && s[-1] != '\n'))
		return 0;
	s += strlen(key);
	len = strcspn(s, "\n");
	if (len >= size)
		return -EINVAL;
	memcpy(out, s, len);
	out[len] = '\0';
	return 0;
}

/* "[ ! -x DIR/lxc-autodev ] || exec DIR/lxc-autodev ID WORD... #" */
static int read_hook(struct container_snippet *s,
		     const struct container_item *item)
{
	char line[WORDS_MAX], *word, *rest = NULL, *equals;
	const char *why;
	int n = 0, err = 0;

	if (item->value_len >= sizeof(line))
		return -EINVAL;
	memcpy(line, item->value, item->value_len);
	line[item->value_len] = '\0';
	for (word = strtok_r(line, " ", &rest); word && !err;
	     word = strtok_r(NULL, " ", &rest), n++) {
		equals = strchr(word, '=');
		if (n == 3 && strrchr(word, '/')) {
			*strrchr(word, '/') = '\0';
			err = copy(s->hook_dir, sizeof(s->hook_dir), word);
		} else if (n == 8) {
			err = copy(s->id, sizeof(s->id), word);
		} else if (n > 8 && equals) {
			*equals = '\0';
			err = container_snippet_set(s, word, equals + 1, &why);
		}
	}
	return err || n < 9 || !container_id_valid(s->id) ? -EINVAL : 0;
}

static int read_mount(struct container_snippet *s,
		      const struct container_item *item)
{
	const char *end = memmem(item->value, item->value_len, "/lxc/", 5);
	size_t len = end ? (size_t)(end - item->value) : 0;

	if (!len || len >= sizeof(s->run_dir))
		return -EINVAL;
	memcpy(s->run_dir, item->value, len);
	s->run_dir[len] = '\0';
	s->socket = true;
	return 0;
}

static void read_rule(struct container_snippet *s,
		      const struct container_item *item, int family)
{
	char rule[64];

	s->rules[family - 1] = true;
	snprintf(rule, sizeof(rule), "%.*s", (int)item->value_len, item->value);
	if (sscanf(rule, "c %u:%u ", &s->major, &s->minor) == 2)
		s->has_number = true;
}

static int read_item(struct container_snippet *s,
		     const struct container_item *item)
{
	int family = container_item_device_rule(item);

	if (family)
		read_rule(s, item, family);
	else if (container_item_is(item, "lxc.mount.entry"))
		return read_mount(s, item);
	else if (container_item_is(item, "lxc.hook.autodev"))
		return read_hook(s, item);
	return 0;
}

/* A family whose rule waits for the device. */
static void read_waiting(struct container_snippet *s, const char *text)
{
	if (strstr(text, "# no rule of cgroup: no such device"))
		s->rules[0] = true;
	if (strstr(text, "# no rule of cgroup2: no such device"))
		s->rules[1] = true;
}

int container_snippet_parse(const char *text, struct container_snippet *s)
{
	struct container_place place = { 0 };
	struct container_item item;
	int err = 0;

	container_snippet_init(s);
	while (!err && container_conf_next(text, &place, &item))
		err = read_item(s, &item);
	if (!err)
		err = read_comment(text, "# config: ", s->config,
				   sizeof(s->config));
	if (!err && s->device == CONTAINER_PASSTHROUGH && !*s->place)
		err = read_comment(text, "# port: ", s->place,
				   sizeof(s->place));
	s->has_number = s->has_number && s->device == CONTAINER_PASSTHROUGH;
	read_waiting(s, text);
	return err || !*s->id ? -EINVAL : 0;
}
