#include "host-agent/hostconf_domain.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int say(char *why, const char *text)
{
	snprintf(why, INI_WHY_MAX, "%s", text);
	return -EINVAL;
}

/* Lower case; 8-4-4-4-12 hex digits and nothing else. */
static int parse_uuid(const char *value, char out[static CONSUMER_UUID_MAX])
{
	size_t i;

	if (strlen(value) != CONSUMER_UUID_MAX - 1)
		return -EINVAL;
	for (i = 0; value[i]; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? value[i] != '-' : !isxdigit((unsigned char)value[i]))
			return -EINVAL;
		out[i] = (char)tolower((unsigned char)value[i]);
	}
	out[i] = '\0';
	return 0;
}

int hostconf_set_uuid(struct hostconf *c, struct hostconf_consumer *cur,
		      const char *value, char *why)
{
	char uuid[CONSUMER_UUID_MAX];
	size_t i;

	if (parse_uuid(value, uuid))
		return say(why, "not a UUID");
	for (i = 0; i < c->domains_count; i++) {
		const struct hostconf_consumer *d = &c->domains[i];

		if (d == cur || strcmp(d->uuid, uuid))
			continue;
		snprintf(why, INI_WHY_MAX, "domain %s has this uuid already",
			 d->name);
		return -EEXIST;
	}
	if (cur->uuid[0] && strcmp(cur->uuid, uuid)) {
		snprintf(why, INI_WHY_MAX,
			 "this domain has another uuid already: %s", cur->uuid);
		return -EEXIST;
	}
	memcpy(cur->uuid, uuid, sizeof(uuid));
	return 0;
}

int hostconf_open_domain(struct hostconf *c, const char *name,
			 struct hostconf_consumer **out, char *why)
{
	struct hostconf_consumer *grown;
	size_t i, len = strlen(name);

	for (i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return say(why, "a domain's name is printable ASCII "
					"without spaces");
	if (len == 0 || len >= CONSUMER_NAME_MAX)
		return say(why, "a domain's name has 1 to 63 characters");
	for (i = 0; i < c->domains_count; i++) {
		if (!strcmp(c->domains[i].name, name)) {
			*out = &c->domains[i];
			return 0;
		}
	}
	if (c->domains_count == HOSTCONF_DOMAINS_MAX)
		return say(why, "more than 4096 domains");
	grown = reallocarray(c->domains, c->domains_count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	c->domains = grown;
	*out = &grown[c->domains_count++];
	memset(*out, 0, sizeof(**out));
	memcpy((*out)->name, name, len + 1);
	return 0;
}
