/*
 * container_id.h - what a registered container is called by us
 *
 * LXC takes nearly any byte in a container's name; an ID is fit for a path, a
 * section of a configuration file and a shell.
 */
#ifndef LXC_CONTAINER_ID_H
#define LXC_CONTAINER_ID_H

#include <stdbool.h>

#include "lxc/facts.h"

#define CONTAINER_ID_MAX LXC_ID_MAX

/* [A-Za-z0-9_.-]{1,63}, not beginning with . or - */
bool container_id_valid(const char *id);

/*
 * For a name that is none itself, or is taken: what there is of the name, and
 * a hash of the path of its configuration.
 */
void container_id_derive(const char *name, const char *config,
			 char out[static CONTAINER_ID_MAX]);

#endif /* LXC_CONTAINER_ID_H */
