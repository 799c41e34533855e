/*
 * container_tell.h - the agent is told of a container that runs
 *
 * LXC's hook tells of starts and ends; of a container that ran before it was
 * registered, or while no agent did, nobody else knows.
 */
#ifndef CTL_CONTAINER_TELL_H
#define CTL_CONTAINER_TELL_H

#include <sys/types.h>

#include "lxc/container_snippet.h"

/*
 * Returns once a device that is passed through to it is free, within the time
 * that the agent gives itself for that.  That there is no agent is no failure.
 */
void container_tell_running(const char *run_dir, const char *id, pid_t pid);

#endif /* CTL_CONTAINER_TELL_H */
