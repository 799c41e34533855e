/*
 * hostconf_domain.h - the sections [domain NAME]
 *
 * For hostconf.c.  Each function returns 0 or -errno with why (INI_WHY_MAX).
 */
#ifndef HOST_AGENT_HOSTCONF_DOMAIN_H
#define HOST_AGENT_HOSTCONF_DOMAIN_H

#include "host-agent/hostconf.h"

/* [domain NAME] again, say in a drop-in, goes on with the same domain. */
int hostconf_open_domain(struct hostconf *c, const char *name,
			 struct hostconf_consumer **out, char *why);

int hostconf_set_uuid(struct hostconf *c, struct hostconf_consumer *cur,
		      const char *value, char *why);

#endif /* HOST_AGENT_HOSTCONF_DOMAIN_H */
