/*
 * policy.h - what a domain is to get, as options, metadata and configuration
 */
#ifndef CTL_POLICY_H
#define CTL_POLICY_H

#include <stdbool.h>
#include <stdio.h>

#include "libvirt-xml/domain_policy.h"

#define POLICY_ELEMENT_MAX 256

bool policy_is_given(const struct domain_policy *p);

/* What over gives replaces what *p has. */
void policy_overlay(struct domain_policy *p, const struct domain_policy *over);

/* As libvirt takes it for an element of DOMAIN_POLICY_URI.  0 or -ENOMEM. */
int policy_element(const struct domain_policy *p,
		   char out[static POLICY_ELEMENT_MAX]);

/* Keys of a [domain NAME] section. */
void policy_print_keys(const struct domain_policy *p, FILE *out);

#endif /* CTL_POLICY_H */
