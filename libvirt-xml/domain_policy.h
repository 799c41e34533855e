/*
 * domain_policy.h - what a domain is to get, kept in its own <metadata>
 *
 *	<metadata>
 *	  <onerng:policy xmlns:onerng='urn:onerng-virt:policy:1' class='drbg'
 *	                 rate='4096' burst='65536' weight='2'
 *	                 when-absent='kernel'/>
 *	</metadata>
 *
 * It travels with the domain.  Attributes have the values of the keys of the
 * same names in hostd.conf (when-absent: when_absent); what is not given is
 * the host's to decide.
 */
#ifndef LIBVIRT_XML_DOMAIN_POLICY_H
#define LIBVIRT_XML_DOMAIN_POLICY_H

#include <stdbool.h>

#include "libvirt-xml/domain_xml.h"

#define DOMAIN_POLICY_URI "urn:onerng-virt:policy:1"

/* The host agent's limits: bytes a second, bytes, share. */
#define DOMAIN_RATE_MAX	  1000000000ull
#define DOMAIN_BURST_MAX  1073741824ull
#define DOMAIN_WEIGHT_MAX 1000ull

/* All zero: nothing is given. */
struct domain_policy {
	const char *class;	 /* "raw", "drbg", "seed"; NULL: not given */
	const char *when_absent; /* "hold", "kernel", "refuse"; NULL */
	unsigned long long rate, burst, weight;
	bool has_rate, has_burst, has_weight;
};

/*
 * One attribute, by its name in the XML.  0; -EINVAL and *why, static text: no
 * such attribute, or not a value of it.  Strings in *policy are static.
 */
int domain_policy_set(struct domain_policy *policy, const char *name,
		      const char *value, const char **why);

/*
 * 1 if there is a policy, 0 if not (*policy is all zero then); -EINVAL with
 * *error if there is anything of ours that is not understood.
 */
int domain_policy_read(const struct domain_xml *xml,
		       struct domain_policy *policy,
		       struct domain_error *error);

/*
 * For serving it all the same, as libvirt's hook does: attributes that are not
 * understood are left out, and *error has one of them.  1, 0 or -EINVAL: it is
 * not clear what was meant (two policies, something in one).
 */
int domain_policy_salvage(const struct domain_xml *xml,
			  struct domain_policy *policy,
			  struct domain_error *error);

/*
 * The domain with exactly this policy; an empty one takes it out.
 * 1 and *text, to be freed; 0 and NULL if the domain says so already;
 * -EINVAL with *error, -ENOMEM.
 */
int domain_policy_write(const struct domain_xml *xml,
			const struct domain_policy *policy, char **text,
			struct domain_error *error);

#endif /* LIBVIRT_XML_DOMAIN_POLICY_H */
