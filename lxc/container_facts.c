#include "lxc/container_facts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_LEN 255

static int set_word(char *out, size_t size, const char *value)
{
	size_t len = strlen(value);

	if (*out || !len || len >= size)
		return -EINVAL;
	memcpy(out, value, len + 1);
	return 0;
}

static int set_number(struct container_facts *f, const char *value)
{
	int end = 0;

	if (f->has_number ||
	    sscanf(value, "%9u:%9u%n", &f->major, &f->minor, &end) != 2 ||
	    value[end] || *value == '-' || *value == '+')
		return -EINVAL;
	f->has_number = true;
	return 0;
}

static int set(struct container_facts *f, const char *key, const char *value,
	       bool *version)
{
	if (!strcmp(key, "version")) {
		if (*version || strcmp(value, "1") != 0)
			return -EINVAL;
		*version = true;
	} else if (!strcmp(key, "device")) {
		return set_word(f->device, sizeof(f->device), value);
	} else if (!strcmp(key, "node")) {
		return set_word(f->node, sizeof(f->node), value);
	} else if (!strcmp(key, "state")) {
		return set_word(f->state, sizeof(f->state), value);
	} else if (!strcmp(key, "rdev")) {
		return set_number(f, value);
	}
	return 0;
}

static int take_line(struct container_facts *f, const char *s, size_t len,
		     bool *version)
{
	char line[LINE_MAX_LEN + 1], *equals;

	if (len > LINE_MAX_LEN || memchr(s, '\0', len))
		return -EINVAL;
	memcpy(line, s, len);
	line[len] = '\0';
	equals = strchr(line, '=');
	if (!equals || equals == line)
		return -EINVAL;
	*equals = '\0';
	return set(f, line, equals + 1, version);
}

int container_facts_parse(const char *text, size_t len,
			  struct container_facts *out)
{
	const char *end = text + len, *feed;
	bool version = false;
	int err = 0;

	*out = (struct container_facts){ 0 };
	if (len > CONTAINER_FACTS_MAX)
		return -EINVAL;
	while (text < end && !err) {
		feed = memchr(text, '\n', (size_t)(end - text));
		if (!feed)
			return -EINVAL;
		err = take_line(out, text, (size_t)(feed - text), &version);
		text = feed + 1;
	}
	return err || !version || !*out->device ? -EINVAL : 0;
}
