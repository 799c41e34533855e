/*
 * register.h - what the host agent knows of a domain or a container, and
 * telling it
 *
 * The agent is told by a drop-in of its configuration, DIR/domain-UUID.conf or
 * DIR/container-ID.conf, and a reload; a section that the operator wrote is
 * left alone, and wins.  What the agent then refuses is taken back.
 */
#ifndef CTL_REGISTER_H
#define CTL_REGISTER_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "ctl/client.h"

#define REGISTER_DIR	ONERNG_SYSCONFDIR "/onerng/hostd.conf.d"
#define REGISTER_WAIT_S 10 /* for the agent after a reload */

struct registry {
	const char *socket; /* the agent's control socket */
	const char *dir;    /* of its drop-ins */
};

/*
 * A consumer of theirs; a new reference.  NULL: none, why is empty; or no answer,
 * with why.
 */
json_t *register_consumer(const struct registry *r, const char *uuid,
			  char why[static CLIENT_WHY_MAX]);
json_t *register_container_consumer(const struct registry *r, const char *id);

/* The consumers of "status" that are containers are those; borrowed. */
json_t *register_find_container(const json_t *status, const char *id);

enum {
	REGISTER_KNOWN,	    /* as it is to be */
	REGISTER_TOLD,	    /* it is now */
	REGISTER_ELSEWHERE, /* the operator wrote a section, which goes first */
	REGISTER_LATER	    /* no agent runs: it reads it when it starts */
};

/*
 * Until the agent has a socket for that domain.  One of these but
 * REGISTER_LATER, or -errno with why; nothing is told then.
 */
int register_domain(const struct registry *r, const char *name,
		    const char *uuid, char why[static CLIENT_WHY_MAX]);

/* The same for a container, with the keys of its section, a line each. */
int register_container(const struct registry *r, const char *id,
		       const char *keys, char why[static CLIENT_WHY_MAX]);

/* The same, with the whole text of the drop-in that there was. */
int register_restore_container(const struct registry *r, const char *id,
			       const char *text,
			       char why[static CLIENT_WHY_MAX]);

/*
 * What was told is taken back: REGISTER_TOLD; REGISTER_LATER if no agent runs;
 * REGISTER_KNOWN if there was nothing; -errno with why, which may be that the
 * agent refuses what is left.
 */
int register_forget(const struct registry *r, const char *uuid,
		    char why[static CLIENT_WHY_MAX]);
int register_forget_container(const struct registry *r, const char *id,
			      char why[static CLIENT_WHY_MAX]);

/* The drop-in's whole text, to be freed; NULL. */
char *register_container_text(const char *id, const char *keys);

#define REGISTER_PATH_MAX 400

/* Where it is. */
void register_domain_path(char out[static REGISTER_PATH_MAX],
			  const struct registry *r, const char *uuid);
void register_container_path(char out[static REGISTER_PATH_MAX],
			     const struct registry *r, const char *id);

#endif /* CTL_REGISTER_H */
