/*
 * domain_policy_edit.h - inside the library: policy as part of a larger edit
 */
#ifndef LIBVIRT_XML_DOMAIN_POLICY_EDIT_H
#define LIBVIRT_XML_DOMAIN_POLICY_EDIT_H

#include "libvirt-xml/domain_edit.h"
#include "libvirt-xml/domain_policy.h"

/* -EINVAL with *error: what is there is not understood. */
int domain_policy_put(struct domain_edit *e, const struct domain_policy *policy,
		      struct domain_error *error);

/* Whatever of ours is in <metadata>, understood or not. */
void domain_policy_drop(struct domain_edit *e);

#endif /* LIBVIRT_XML_DOMAIN_POLICY_EDIT_H */
