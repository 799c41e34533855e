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
					 .mode = 0660,
					 .run_dir = CONTAINER_RUN_DIR };
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

/* What follows key at the beginning of a line; NULL: there is none. */
static const char *comment(const char *text, const char *key)
{
	const char *s = strstr(text, key);

	while (s && s != text && s[-1] != '\n')
		s = strstr(s + 1, key);
	return s ? s + strlen(key) : NULL;
}

/* "# KEY VALUE" of the head; 0 also if there is none. */
static int read_comment(const char *text, const char *key, char *out,
			size_t size)
{
	const char *s = comment(text, key);
	size_t len = s ? strcspn(s, "\n") : 0;

	if (len >= size)
		return -EINVAL;
	if (s)
		memcpy(out, s, len);
	if (s)
		out[len] = '\0';
	return 0;
}

/* "DIR/lxc-autodev": its folder, as it was at the first of the two places. */
static int read_program(struct container_snippet *s, char *word)
{
	char *slash = strrchr(word, '/');

	if (*word != '/' || !slash || strcmp(slash, "/lxc-autodev") != 0)
		return -EINVAL;
	*slash = '\0';
	if (*s->hook_dir)
		return strcmp(s->hook_dir, word) ? -EINVAL : 0;
	return copy(s->hook_dir, sizeof(s->hook_dir), word);
}

/* A word of the policy; what LXC is to append comes behind "#". */
static int read_word(struct container_snippet *s, char *word)
{
	char *equals = strchr(word, '=');
	const char *why;

	if (!strcmp(word, "#"))
		return 0;
	if (!equals)
		return -EINVAL;
	*equals = '\0';
	if (!strcmp(word, "run") && equals[1] == '/')
		return copy(s->run_dir, sizeof(s->run_dir), equals + 1);
	return container_snippet_set(s, word, equals + 1, &why);
}

/* "</dev/null; [ ! -x DIR/lxc-autodev ] || exec DIR/lxc-autodev ID WORD... #" */
static int read_hook(struct container_snippet *s,
		     const struct container_item *item)
{
	static const char *const frame[] = { "</dev/null;", "[",    "!",
					     "-x",	    NULL,   "]",
					     "||",	    "exec", NULL };
	char line[WORDS_MAX], *word, *rest = NULL;
	size_t n = 0, words = sizeof(frame) / sizeof(frame[0]);
	int err = 0;

	if (item->value_len >= sizeof(line) || *s->id)
		return -EINVAL;
	memcpy(line, item->value, item->value_len);
	line[item->value_len] = '\0';
	for (word = strtok_r(line, " ", &rest); word && !err;
	     word = strtok_r(NULL, " ", &rest), n++) {
		if (n < words && frame[n])
			err = strcmp(word, frame[n]) ? -EINVAL : 0;
		else if (n < words)
			err = read_program(s, word);
		else if (n == words)
			err = copy(s->id, sizeof(s->id), word);
		else
			err = read_word(s, word);
	}
	return err || !container_id_valid(s->id) ? -EINVAL : 0;
}

static void read_rule(struct container_snippet *s,
		      const struct container_item *item, int family)
{
	char rule[64];

	s->rules[family - 1] = true;
	snprintf(rule, sizeof(rule), "%.*s", (int)item->value_len, item->value);
	if (sscanf(rule, "c %9u:%9u ", &s->major, &s->minor) == 2)
		s->has_number = true;
}

static int read_item(struct container_snippet *s,
		     const struct container_item *item)
{
	int family = container_item_device_rule(item);

	if (family)
		read_rule(s, item, family);
	else if (container_item_is(item, "lxc.hook.autodev"))
		return read_hook(s, item);
	return 0;
}

/* A family whose rule waits for the device. */
static void read_waiting(struct container_snippet *s, const char *text)
{
	if (comment(text, "# no rule of cgroup: no such device"))
		s->rules[0] = true;
	if (comment(text, "# no rule of cgroup2: no such device"))
		s->rules[1] = true;
}

static int read_port(struct container_snippet *s, const char *text)
{
	char port[CONTAINER_PLACE_MAX] = "";

	if (s->device != CONTAINER_PASSTHROUGH || *s->place)
		return 0;
	if (read_comment(text, "# port: ", port, sizeof(port)) < 0)
		return -EINVAL;
	return !*port || (*port != '/' && set_place(s, port) == 0) ? 0
								   : -EINVAL;
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
	if (!err)
		err = read_port(s, text);
	s->has_number = s->has_number && s->device == CONTAINER_PASSTHROUGH;
	read_waiting(s, text);
	return err || !*s->id || *s->config != '/' ? -EINVAL : 0;
}
