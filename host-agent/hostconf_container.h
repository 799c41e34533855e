/*
 * hostconf_container.h - the sections [container ID]
 *
 * For hostconf.c.  Each function returns 0 or -errno with why (INI_WHY_MAX).
 */
#ifndef HOST_AGENT_HOSTCONF_CONTAINER_H
#define HOST_AGENT_HOSTCONF_CONTAINER_H

#include "host-agent/hostconf.h"

/* As hostconf_open_domain(). */
int hostconf_open_container(struct hostconf *c, const char *id,
			    struct hostconf_container **out, char *why);

int hostconf_set_kind(struct hostconf_container *c, const char *value,
		      char *why);
int hostconf_set_container_port(struct hostconf_container *c, const char *value,
				char *why);
int hostconf_set_container_socket(struct hostconf_container *c,
				  const char *value, char *why);

/* After the last line: does what they name fit together? */
int hostconf_check_containers(const struct hostconf *c, const char *path,
			      char *err, size_t err_size);

#endif /* HOST_AGENT_HOSTCONF_CONTAINER_H */
