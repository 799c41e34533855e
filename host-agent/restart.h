/*
 * restart.h - this process, replaced by the program at its own path
 *
 * The path is the one that was started, so a program that was installed there
 * since takes over.  It is first run with --test: what cannot start or refuses
 * the configuration does not get the sockets.
 */
#ifndef HOST_AGENT_RESTART_H
#define HOST_AGENT_RESTART_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#define RESTART_REHEARSAL_MS 5000 /* --test may take so long */

struct restart {
	char path[PATH_MAX];
	char **argv; /* main's */
};

/* To be called early: before another program stands there.  0 or -errno. */
int restart_init(struct restart *r, char **argv);

/* The program at its path is the very file that this process runs. */
bool restart_is_same(const struct restart *r);

/* Runs it with --test.  A process to wait for, or -errno. */
pid_t restart_rehearse(const struct restart *r);

/*
 * Returns only if it failed: -errno.  Signals that would end a process which
 * does not listen to them yet wait, until restart_listens().
 */
int restart_exec(const struct restart *r);
void restart_listens(void);

#endif /* HOST_AGENT_RESTART_H */
