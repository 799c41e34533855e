/*
 * set.h - the words of `onerngctl domain set`, as a request to the agent
 */
#ifndef CTL_SET_H
#define CTL_SET_H

#include <stdio.h>

#include <jansson.h>

#include "libvirt-xml/domain_policy.h"

/*
 * Only what the policy gives is to be changed.  kind: of the consumer; NULL:
 * whichever has the name.  A new reference, NULL when out of memory or for a
 * name that is not UTF-8.
 */
json_t *set_request(const char *kind, const char *consumer,
		    const struct domain_policy *policy);

/* The agent's answer, for people. */
void set_print(const json_t *result, FILE *out);

#endif /* CTL_SET_H */
