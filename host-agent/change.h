/*
 * change.h - {"cmd":"consumer-set"}: a consumer's class, policy and limits are
 * changed while it is served
 *
 * {"cmd":"consumer-set","consumer":NAME|UUID|"host",...} with one or more of
 * "class", "when_absent", "rate", "burst" and "weight", as in the
 * configuration.  It lasts until that is read again.
 */
#ifndef HOST_AGENT_CHANGE_H
#define HOST_AGENT_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "host-agent/consumer.h"

struct change {
	const char *consumer; /* in the request */
	bool has_class, has_absent, has_rate, has_burst, has_weight;
	struct service_policy policy;
	struct sched_limits limits;
};

/* 0, or -EINVAL with why (CONTROL_WHY_MAX bytes). */
int change_parse(const json_t *request, struct change *out, char *why);

/* What the consumer has, with what the change gives; both are replaced. */
void change_apply(const struct change *change, struct service_policy *policy,
		  struct sched_limits *limits);

/* The command; pub is a struct egd_pub.  A control_command_fn. */
json_t *change_consumer(void *pub, const json_t *request, char *why);

#endif /* HOST_AGENT_CHANGE_H */
