/*
 * wish.h - how a consumer is to be served, as far as it is said
 *
 * {"class":C,"when_absent":P,"rate":N,"burst":N,"weight":N}, each of which may
 * be missing; values as in the configuration.  A domain's metadata says it
 * through libvirt's hook, an operator over the control socket.
 */
#ifndef HOST_AGENT_WISH_H
#define HOST_AGENT_WISH_H

#include <stdbool.h>

#include <jansson.h>

#include "host-agent/sched.h"
#include "host-agent/service.h"

#define WISH_WHY_MAX 256

/* All zero: nothing is said. */
struct wish {
	struct service_policy policy;
	struct sched_limits limits;
	bool has_class, has_absent, has_rate, has_burst, has_weight;
};

/*
 * Takes one member.  1 if it is one of a wish's, 0 if not; -EINVAL with why
 * (WISH_WHY_MAX bytes).
 */
int wish_take(struct wish *w, const char *key, const json_t *value, char *why);

/* An object of such members alone.  0 or -EINVAL with why. */
int wish_parse(struct wish *w, const json_t *o, char *why);

/* The same again, an empty object if nothing is said; NULL: out of memory. */
json_t *wish_json(const struct wish *w);

bool wish_is_empty(const struct wish *w);
bool wish_same(const struct wish *a, const struct wish *b);

/* What is said replaces what is there. */
void wish_apply(const struct wish *w, struct service_policy *policy,
		struct sched_limits *limits);

#endif /* HOST_AGENT_WISH_H */
