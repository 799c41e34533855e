/*
 * leftover.h - what the agent's side still has of a domain, whether libvirt
 * knows that or not
 *
 * A drop-in that attach wrote, a consumer of the agent, a socket that nobody
 * listens on.
 */
#ifndef CTL_LEFTOVER_H
#define CTL_LEFTOVER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "ctl/register.h"
#include "ctl/virt.h"

#define LEFTOVER_NAME_MAX 64

struct leftover {
	char uuid[VIRT_UUID_MAX];
	char name[LEFTOVER_NAME_MAX]; /* the agent's, else the UUID */
	char drop_in[PATH_MAX];	      /* its path; "": there is none */
	bool consumer;		      /* the agent has it */
	bool dynamic;		      /* ... which nobody configured */
	bool connected;		      /* ... and its QEMU is there */
	char socket[PATH_MAX];	      /* that the agent does not have; "" */
};

/* All zero: none. */
struct leftovers {
	struct leftover *list;
	size_t count;
};

/*
 * Of every domain.  status is the agent's, or NULL, and then its sockets are
 * not looked at.  0 or -ENOMEM, and there are none.
 */
int leftovers_gather(struct leftovers *l, const struct registry *r,
		     const char *run_dir, const json_t *status);
void leftovers_free(struct leftovers *l);

/* By UUID, else by the agent's name of it; NULL. */
const struct leftover *leftovers_find(const struct leftovers *l,
				      const char *name);

#endif /* CTL_LEFTOVER_H */
