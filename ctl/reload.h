/*
 * reload.h - has the host agent read its configuration again
 */
#ifndef CTL_RELOAD_H
#define CTL_RELOAD_H

#include <stdbool.h>

#include <jansson.h>

#include "ctl/client.h"

/* Asks for it.  status is the agent's answer to "status".  0 or -EPERM. */
int reload(const char *socket, const json_t *status,
	   char why[static CLIENT_WHY_MAX]);

typedef bool (*reload_seen)(const json_t *status, const void *arg);

/*
 * The same, and waits until that was done and seen() is content.  0; -EPERM;
 * -EINVAL: the agent refuses its configuration, why has its words; -ETIMEDOUT.
 */
int reload_and_see(const char *socket, const json_t *status, reload_seen seen,
		   const void *arg, char why[static CLIENT_WHY_MAX]);

#endif /* CTL_RELOAD_H */
