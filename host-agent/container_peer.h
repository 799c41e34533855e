/*
 * container_peer.h - is a process one of a container's?
 *
 * By control groups, which nobody in a container leaves and nobody but root
 * enters: that of the container's first process, which LXC's hook tells, and
 * what is below.  Where that is not known, the group that LXC makes of the
 * name counts, at the top alone: what a user may make below his own is called
 * as he likes.
 */
#ifndef HOST_AGENT_CONTAINER_PEER_H
#define HOST_AGENT_CONTAINER_PEER_H

#include <sys/types.h>

#include "host-agent/qemu_peer.h"

/* init 0: not known.  _UNNAMED: of no container. */
enum qemu_peer container_peer_of(pid_t pid, pid_t init, const char *id);

/* By texts of /proc/PID/cgroup, the peer's and init's; never _HIDDEN. */
enum qemu_peer container_peer_by_init(const char *peer, const char *init);
enum qemu_peer container_peer_by_name(const char *peer, const char *name);

#endif /* HOST_AGENT_CONTAINER_PEER_H */
