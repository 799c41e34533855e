/*
 * domain_tell.h - the agent is told of a domain, as libvirt's hook tells it
 *
 * On the hook's socket: by root, or the agent's own user.
 */
#ifndef CTL_DOMAIN_TELL_H
#define CTL_DOMAIN_TELL_H

#include "ctl/client.h"
#include "ctl/virt.h"

/*
 * A running domain has what its XML says: its policy is followed at once.  0 or
 * -errno with why.
 */
int domain_tell_running(const char *run_dir, const struct virt_domain *d,
			const char *xml, char why[static CLIENT_WHY_MAX]);

/*
 * libvirt does not know it any more: what the agent has of it without being
 * configured goes.  0; -errno with why, also if its QEMU is connected.
 */
int domain_tell_gone(const char *run_dir, const char *uuid, const char *name,
		     char why[static CLIENT_WHY_MAX]);

#endif /* CTL_DOMAIN_TELL_H */
