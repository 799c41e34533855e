/*
 * claims.h - which OneRNGs libvirt's domains have passed through, running and
 * at their next starts
 */
#ifndef CTL_CLAIMS_H
#define CTL_CLAIMS_H

#include "ctl/virt.h"
#include "libvirt-xml/domain_check.h"

/* All zero: none. */
struct claims {
	struct virt_domain *domains; /* of which claims have their names */
	int domain_count;
	struct domain_claim *list;
	size_t count;
};

/*
 * All domains, and their claims; host says where OneRNGs are plugged in.  A
 * domain that cannot be read has none.  0; -EIO with why, and there are none.
 */
int claims_gather(struct claims *c, struct virt *v,
		  const struct domain_facts *host,
		  char why[static VIRT_WHY_MAX]);
void claims_release(struct claims *c, struct virt *v);

#endif /* CTL_CLAIMS_H */
