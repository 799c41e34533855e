/*
 * message.h - what the hooks say to the host agent, and how they say it
 */
#ifndef HOOKS_MESSAGE_H
#define HOOKS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "hooks/domxml.h"

#define MESSAGE_MAX	 4096 /* the agent takes no longer line */
#define MESSAGE_NAME_MAX 256  /* of a domain's name, terminated */
#define MESSAGE_RETRY_MS \
	250 /* an agent that is replaced, or full, has so long */

/*
 * One line of JSON with its end.  Its length, or -EINVAL: something does not
 * fit, or the operation is none.
 */
int message_write(char out[static MESSAGE_MAX], const char *op,
		  const char *name, const struct domxml *facts);

/* The same of a container, whose ID needs no quoting; pid 0: not known. */
int message_write_container(char out[static MESSAGE_MAX], const char *op,
			    const char *id, long pid);

/*
 * Sends it to the socket; waits for the agent's answer if told so, and tries
 * again for a while where the agent is full.  Waits in the kernel without a
 * limit of its own.  0 or -errno: -EBUSY it stayed full, -EPROTO it refuses.
 */
int message_send(const char *socket_path, const char *text, size_t len,
		 bool answer);

#endif /* HOOKS_MESSAGE_H */
