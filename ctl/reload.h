/*
 * reload.h - has the host agent read its configuration again
 */
#ifndef CTL_RELOAD_H
#define CTL_RELOAD_H

#include <stdbool.h>

#include <jansson.h>

#include "ctl/client.h"
#include "ctl/command.h"

/* Asks for it.  status is the agent's answer to "status".  0 or -EPERM. */
int reload(const char *socket, const json_t *status,
	   char why[static CLIENT_WHY_MAX]);

typedef bool (*reload_seen)(const json_t *status, const void *arg);

/* What a reload is for. */
struct reload_goal {
	const char *file; /* a drop-in that has to be right; NULL */
	reload_seen seen; /* NULL: it is enough that it was done */
	const void *arg;
};

/*
 * The same, and waits until that was done and seen() is content.  0; -EPERM;
 * -EINVAL: the agent refuses its configuration, or the file of goal, why has
 * its words; -ETIMEDOUT.
 */
int reload_and_see(const char *socket, const json_t *status,
		   const struct reload_goal *goal,
		   char why[static CLIENT_WHY_MAX]);

/* Warns of each drop-in that the agent has found wrong. */
void reload_warn(const struct command_call *call);

#endif /* CTL_RELOAD_H */
