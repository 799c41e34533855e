/*
 * domain_rng.h - the <rng> that connects a domain to the host agent
 *
 *	<rng model='virtio'>
 *	  <backend model='egd' type='unix'>
 *	    <source mode='connect' path='RUN_DIR/kvm/UUID.sock'>
 *	      <reconnect enabled='yes' timeout='1'/>
 *	    </source>
 *	  </backend>
 *	  <alias name='ua-onerng0'/>
 *	</rng>
 *
 * Ours is an egd backend over a Unix socket that has this alias, or whose path
 * is in RUN_DIR/kvm/; one that was written by hand, or came with another
 * domain's XML, is mended where it stands.  There is no <rate> in it: limits
 * are the host agent's, and QEMU's own shorten its retry of a lost request.
 */
#ifndef LIBVIRT_XML_DOMAIN_RNG_H
#define LIBVIRT_XML_DOMAIN_RNG_H

#include <stdbool.h>

#include "libvirt-xml/domain_policy.h"

#define DOMAIN_RNG_ALIAS "ua-onerng0"

/* The first of ours. */
struct domain_rng {
	unsigned int count; /* of ours; 0: the rest is not set */
	unsigned int line;
	const char *path;      /* as long as the XML lives; "" for none */
	const char *alias;     /* the same */
	bool own_path;	       /* it is this domain's socket */
	bool connects;	       /* mode='connect' */
	bool reconnects, rate; /* has <reconnect enabled='yes'>, <rate> */
};

/* 0; -EINVAL with *error: as domain_xml_socket(). */
int domain_rng_find(const struct domain_xml *xml, const char *run_dir,
		    struct domain_rng *rng, struct domain_error *error);

/*
 * The domain with one <rng> of ours as above, and with that policy; NULL leaves
 * the policy as it is.  1 and *text, to be freed; 0 and NULL if the domain is
 * so already; -EINVAL with *error (no <devices>, no uuid, the alias is another
 * device's, a policy that is not understood), -ENOMEM and -E2BIG (dozens of
 * ours) with *error as well.
 */
int domain_rng_attach(const struct domain_xml *xml, const char *run_dir,
		      const struct domain_policy *policy, char **text,
		      struct domain_error *error);

/* The domain without anything of ours: device and policy; as above. */
int domain_rng_detach(const struct domain_xml *xml, const char *run_dir,
		      char **text, struct domain_error *error);

/*
 * The <rng> alone, for a running domain: as it stands if there is one, else as
 * domain_rng_attach() would add it.  0 and *text, to be freed; as above.
 */
int domain_rng_device(const struct domain_xml *xml, const char *run_dir,
		      char **text, struct domain_error *error);

#endif /* LIBVIRT_XML_DOMAIN_RNG_H */
