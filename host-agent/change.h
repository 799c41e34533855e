/*
 * change.h - {"cmd":"consumer-set"}: a consumer's class, policy and limits are
 * changed while it is served
 *
 * {"cmd":"consumer-set","consumer":NAME|UUID|"host",...} with one or more of
 * "class", "when_absent", "rate", "burst" and "weight", as in the
 * configuration.  A container is named by its ID; "kind":"container" (or
 * "domain", "host") says which of two that have the name.  It lasts until that
 * is read again.
 */
#ifndef HOST_AGENT_CHANGE_H
#define HOST_AGENT_CHANGE_H

#include <jansson.h>

#include "host-agent/wish.h"

struct change {
	const char *consumer; /* in the request */
	int kind;	      /* enum consumer_kind; -1: any */
	struct wish wish;
};

/* 0, or -EINVAL with why (CONTROL_WHY_MAX bytes). */
int change_parse(const json_t *request, struct change *out, char *why);

struct containers;
struct egd_pub;

struct change_targets {
	struct egd_pub *pub;
	struct containers *containers; /* NULL: none */
};

/* The command; targets is a struct change_targets.  A control_command_fn. */
json_t *change_consumer(void *targets, const json_t *request, char *why);

#endif /* HOST_AGENT_CHANGE_H */
