/*
 * register.h - what the host agent knows of a domain, and telling it
 *
 * The agent is told by a drop-in of its configuration, DIR/domain-UUID.conf,
 * and a reload; a section that the operator wrote is left alone, and wins.
 */
#ifndef CTL_REGISTER_H
#define CTL_REGISTER_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "ctl/client.h"
#include "libvirt-xml/domain_policy.h"

#define REGISTER_DIR	ONERNG_SYSCONFDIR "/onerng/hostd.conf.d"
#define REGISTER_WAIT_S 10 /* for a socket after a reload */

struct registry {
	const char *socket; /* the agent's control socket */
	const char *dir;    /* of its drop-ins */
};

/* Its consumer; a new reference, NULL: none, or the agent does not answer. */
json_t *register_consumer(const struct registry *r, const char *uuid);

enum {
	REGISTER_KNOWN,	   /* as it is to be */
	REGISTER_TOLD,	   /* it is now */
	REGISTER_ELSEWHERE /* the operator wrote a section: policy not told */
};

/*
 * Until the agent has a socket for that domain.  One of these, or -errno with
 * why.  policy may be empty.
 */
int register_domain(const struct registry *r, const char *name,
		    const char *uuid, const struct domain_policy *policy,
		    char why[static CLIENT_WHY_MAX]);

/*
 * What register_domain() told is taken back: REGISTER_TOLD; REGISTER_KNOWN if
 * there was nothing; -errno with why.
 */
int register_forget(const struct registry *r, const char *uuid,
		    char why[static CLIENT_WHY_MAX]);

#endif /* CTL_REGISTER_H */
