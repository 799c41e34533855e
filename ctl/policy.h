/*
 * policy.h - what a domain is to get, as options, metadata and configuration
 */
#ifndef CTL_POLICY_H
#define CTL_POLICY_H

#include <stdbool.h>
#include <stdio.h>

#include "common/opt.h"
#include "libvirt-xml/domain_policy.h"

#define POLICY_ELEMENT_MAX 256

/* Rows of a command's table of options. */
#define POLICY_OPT_CLASS(setter)                                             \
	{                                                                    \
		"class", 0, "CLASS", "serve it as raw, drbg or seed", setter \
	}
#define POLICY_OPT_RATE(setter)                                                \
	{                                                                      \
		"rate", 0, "BYTES", "limit it to BYTES a second, 0: no limit", \
			setter                                                 \
	}
#define POLICY_OPT_BURST(setter)                                           \
	{                                                                  \
		"burst", 0, "BYTES",                                       \
			"let it take BYTES at once above its rate", setter \
	}
#define POLICY_OPT_WEIGHT(setter)                                            \
	{                                                                    \
		"weight", 0, "N",                                            \
			"its share when there is not enough for all", setter \
	}
#define POLICY_OPT_ABSENT(setter)                                         \
	{                                                                 \
		"when-absent", 0, "POLICY",                               \
			"while no device serves: hold, kernel or refuse", \
			setter                                            \
	}

/* All of them, with the setters below. */
#define POLICY_OPTS                                                         \
	POLICY_OPT_CLASS(set_class), POLICY_OPT_RATE(set_rate),             \
		POLICY_OPT_BURST(set_burst), POLICY_OPT_WEIGHT(set_weight), \
		POLICY_OPT_ABSENT(set_absent)

/* Setters set_NAME(), for a call that has a policy. */
#define POLICY_SETTER(call, name, attribute)                                  \
	static int set_##name(void *ctx, const char *value, const char **why) \
	{                                                                     \
		return domain_policy_set(&((call *)ctx)->policy, attribute,   \
					 value, why);                         \
	}
#define POLICY_SETTERS(call)                  \
	POLICY_SETTER(call, class, "class")   \
	POLICY_SETTER(call, rate, "rate")     \
	POLICY_SETTER(call, burst, "burst")   \
	POLICY_SETTER(call, weight, "weight") \
	POLICY_SETTER(call, absent, "when-absent")

bool policy_is_given(const struct domain_policy *p);

/* What over gives replaces what *p has. */
void policy_overlay(struct domain_policy *p, const struct domain_policy *over);

/* As libvirt takes it for an element of DOMAIN_POLICY_URI.  0 or -ENOMEM. */
int policy_element(const struct domain_policy *p,
		   char out[static POLICY_ELEMENT_MAX]);

/* Keys of a [domain NAME] section. */
void policy_print_keys(const struct domain_policy *p, FILE *out);

#endif /* CTL_POLICY_H */
