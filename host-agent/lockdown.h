/*
 * lockdown.h - each role gives up its rights, and the core makes sure of it
 *
 * Called once a role has what it needs privileges for.  It goes without any
 * capability from then on, also as root, and behind its filter of system calls
 * (sandbox_roles.h); neither can be had back, by its children neither.
 *
 * A program that took over by exec (restart.h) is behind the filter of the one
 * before.  A second one would be the same again, and the kernel lets a process
 * have so many only: it is told in the environment which one it has, adds none
 * that it has, and is not let take over if it needs another.
 */
#ifndef HOST_AGENT_LOCKDOWN_H
#define HOST_AGENT_LOCKDOWN_H

#include <stddef.h>
#include <sys/types.h>

#include "common/sandbox.h"

/*
 * groups: those that sockets made later are given to, (gid_t)-1 for none; who
 * may, becomes a member first.  *mode is at least that of a filter that was
 * inherited.  Verifies that no capability is left and that the filter works.
 * 0, or -errno after logging what has no effect.
 */
int lockdown_core(enum sandbox_mode *mode, const gid_t *groups, size_t count);

/*
 * Would a filter that is inherited do for this program?  0, or -EPERM after
 * logging.
 */
int lockdown_rehearse(void);

/* These verify, too.  0, or -errno after logging. */
int lockdown_reader(enum sandbox_mode mode);
int lockdown_watcher(enum sandbox_mode mode);
int lockdown_hwrng(enum sandbox_mode mode);
int lockdown_terminal(enum sandbox_mode mode);

#endif /* HOST_AGENT_LOCKDOWN_H */
