#include "host-agent/hostconf_container.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_CHARACTERS                \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"abcdefghijklmnopqrstuvwxyz0123456789_.-"

static int say(char *why, const char *text)
{
	snprintf(why, INI_WHY_MAX, "%s", text);
	return -EINVAL;
}

static bool id_is_valid(const char *id)
{
	size_t len = strlen(id);

	return len && len < CONSUMER_NAME_MAX && id[0] != '.' && id[0] != '-' &&
	       strspn(id, ID_CHARACTERS) == len;
}

int hostconf_open_container(struct hostconf *c, const char *id,
			    struct hostconf_container **out, char *why)
{
	struct hostconf_container *grown;
	size_t i;

	if (!id_is_valid(id))
		return say(why, "a container's id has 1 to 63 letters, digits, "
				"'_', '.' or '-', no '.' or '-' first");
	for (i = 0; i < c->containers_count; i++) {
		if (!strcmp(c->containers[i].consumer.name, id)) {
			*out = &c->containers[i];
			return 0;
		}
	}
	if (c->containers_count == HOSTCONF_CONTAINERS_MAX)
		return say(why, "more than 1024 containers");
	grown = reallocarray(c->containers, c->containers_count + 1,
			     sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	c->containers = grown;
	*out = &grown[c->containers_count++];
	memset(*out, 0, sizeof(**out));
	memcpy((*out)->consumer.name, id, strlen(id) + 1);
	return 0;
}

int hostconf_set_kind(struct hostconf_container *c, const char *value,
		      char *why)
{
	int kind = consumer_device_parse(value);

	if (kind < 0)
		return say(why, "not virtual, plain, hwrng, passthrough or "
				"none");
	c->device = (enum consumer_device)kind;
	return 0;
}

int hostconf_set_container_port(struct hostconf_container *c, const char *value,
				char *why)
{
	if (strlen(value) >= sizeof(c->port) || !rawmsg_port_valid(value))
		return say(why, "not BUS-PORT[.PORT...]");
	snprintf(c->port, sizeof(c->port), "%s", value);
	return 0;
}

int hostconf_set_container_socket(struct hostconf_container *c,
				  const char *value, char *why)
{
	if (strcmp(value, "yes") && strcmp(value, "no"))
		return say(why, "not yes or no");
	c->socket = !strcmp(value, "yes");
	return 0;
}

int hostconf_check_containers(const struct hostconf *c, const char *path,
			      char *err, size_t err_size)
{
	static const char below[] = "/lxc//egd.sock";
	const struct hostconf_container *t;
	size_t i;

	for (i = 0; i < c->containers_count; i++) {
		t = &c->containers[i];
		if (t->socket && strlen(c->run_dir) + sizeof(below) +
						 strlen(t->consumer.name) >
					 CONSUMER_PATH_MAX) {
			snprintf(err, err_size,
				 "%s: [container %s]: run_dir and this id are "
				 "too long for the address of a socket",
				 path, t->consumer.name);
			return -EINVAL;
		}
	}
	return 0;
}
