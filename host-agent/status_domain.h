/*
 * status_domain.h - what libvirt's hook told of a consumer, for status
 */
#ifndef HOST_AGENT_STATUS_DOMAIN_H
#define HOST_AGENT_STATUS_DOMAIN_H

#include <jansson.h>

struct consumer;

/* null for the host's kernel. */
json_t *status_domain(const struct consumer *c);

/* What decides how it is served: "config", "domain" or "default". */
const char *status_policy_from(const struct consumer *c);

#endif /* HOST_AGENT_STATUS_DOMAIN_H */
