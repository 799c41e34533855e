/*
 * domain_gone.h - a domain that libvirt does not know any more is taken out of
 * what is ours
 */
#ifndef CTL_DOMAIN_GONE_H
#define CTL_DOMAIN_GONE_H

#include "ctl/change.h"

/*
 * Its drop-in, what the agent has of it, a socket that nobody listens on; each
 * is said.  Of a UUID that nothing is left of there is nothing to do; a name
 * like that is refused with why, as one that was mistyped.  An exit status.
 */
int domain_gone_detach(const struct change *c, const char *why);

/* libvirt did not answer: says what can be done without it, if anything. */
void domain_gone_advise(const struct change *c);

#endif /* CTL_DOMAIN_GONE_H */
