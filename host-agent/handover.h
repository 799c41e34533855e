/*
 * handover.h - sockets and owed counts that outlive this process
 *
 * Two ways lead to the next process: the service manager keeps descriptors
 * (systemd's fd store: a restart, a crash, a kill), or this process replaces
 * itself (exec: an upgrade without a service manager).  Both give it every
 * listening socket, every peer, and the table of handover_record.h.
 *
 * Where there is no service manager and no exec, all of it costs nothing and
 * does nothing.  The table is written, never read, while a process lives.
 */
#ifndef HOST_AGENT_HANDOVER_H
#define HOST_AGENT_HANDOVER_H

#include <stdbool.h>

#include "host-agent/handover_record.h"

#define HANDOVER_ENV "ONERNG_HANDOVER" /* PID:DESCRIPTOR of the table */

struct handover;

/*
 * Takes what the process before left, and forgets how it came.  What cannot be
 * used is logged and dropped.  NULL and errno: no memory.
 */
struct handover *handover_new(void);
/* Descriptors that nobody took are closed; NULL is fine. */
void handover_free(struct handover *h);

/* The record of a new consumer; NULL (also for a NULL h): not handed over. */
struct handover_record *handover_join(struct handover *h, const char *key);
/* A consumer that is no more; NULL is fine. */
void handover_leave(struct handover *h, struct handover_record *r);

/* The listening socket of that key, the caller's from now on; or -1. */
int handover_take_listener(struct handover *h, const char *key);
/*
 * A peer of that key that was accepted at path, or -1.  *known: *s is what it
 * was left in.  There may be further ones, all but one are dead.
 */
int handover_take_peer(struct handover *h, const char *key, const char *path,
		       struct handover_state *s, bool *known);

/*
 * A terminal's master, kept as a listening socket is, or -1.  *known: *t is
 * what it was left in.
 */
int handover_take_tty(struct handover *h, const char *key,
		      struct handover_tty *t, bool *known);

/* What was counted for that key.  False: nothing is known. */
bool handover_take_account(const struct handover *h, const char *key,
			   struct handover_account *a);

/* A terminal's master that nobody took, the caller's from now on; or -1. */
int handover_take_left_tty(struct handover *h);

/* Sockets that the next process shall have; the newest listener counts. */
void handover_add_listener(struct handover *h, struct handover_record *r,
			   int fd);
void handover_add_peer(struct handover *h, struct handover_record *r, int fd);
void handover_drop_peer(struct handover *h, struct handover_record *r);

/* Every consumer took its own: the rest is closed. */
void handover_settle(struct handover *h);

/*
 * Once a second: a peer that stayed so long is given to the service manager,
 * so that one that comes and goes costs it nothing.
 */
void handover_tick(struct handover *h);

/*
 * This process ends.  True: the service manager keeps everything, so files of
 * sockets stay; nothing that is dropped from now on is dropped there.
 */
bool handover_end(struct handover *h);
/* It did: what is closed from now on is closed here and nothing more. */
bool handover_is_kept(const struct handover *h); /* NULL: it is not */

/* Before exec, and when it failed.  0 or -errno. */
int handover_arm(struct handover *h);
void handover_disarm(struct handover *h);

#endif /* HOST_AGENT_HANDOVER_H */
