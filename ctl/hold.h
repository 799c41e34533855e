/*
 * hold.h - one process at a time puts a container's device right
 *
 * A container whose /dev is a file system that answers nothing keeps whoever
 * looks into it, and such a process cannot even be killed.  It has inherited
 * the lock of this, so as long as it is there nobody else is sent after it.
 */
#ifndef CTL_HOLD_H
#define CTL_HOLD_H

#include <stdbool.h>

#include "ctl/container.h"

/*
 * A descriptor to be closed.  Who works on it is waited for, 10 seconds at
 * most, and what such a one left for a second: -EBUSY then, with *why.  Another
 * error: nothing is generated for it.
 */
int hold_take(const struct container_host *h, const char *id, const char **why);

/* Is it held now? */
bool hold_is_taken(const struct container_host *h, const char *id);

#endif /* CTL_HOLD_H */
