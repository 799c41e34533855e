/*
 * tty_keeper.h - the core's side of the process in terminal.h
 *
 * Every master whose slave is given away is kept there, too.  What may wait
 * without end is asked of it, and the answer comes from the loop; one that does
 * not come within TTY_KEEPER_ANSWER_MS is told, and may come still.
 *
 *   kept --leave--> left: the core's is closed --so is the service manager's-->
 *   the process is told to close --it did--> forgotten
 */
#ifndef HOST_AGENT_TTY_KEEPER_H
#define HOST_AGENT_TTY_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

#include "host-agent/child.h"

#define TTY_KEEPER_ANSWER_MS 1000
#define TTY_KEEPER_AGAIN_MS  10	  /* the process was not quick enough to read */
#define TTY_KEEPER_WAIT_MS   1000 /* before what failed is tried again */

enum tty_keeper_ask {
	TTY_ASK_NOTHING,
	TTY_ASK_RAW,	 /* tty_pty_set_raw() */
	TTY_ASK_DISCARD, /* tty_pty_discard(), then the same */
};

struct event_base;
struct tty_keeper;
struct tty_kept;

struct tty_kept_ops {
	/* error: 0 or -errno */
	void (*done)(void *ctx, int error);
	/* It does not answer: somebody holds the terminal. */
	void (*stalled)(void *ctx);
};

/*
 * env must outlive it; NULL: there is no process until tty_keeper_adopt().
 * NULL and errno.
 */
struct tty_keeper *tty_keeper_new(struct event_base *base,
				  const struct child_env *env);
/*
 * Nothing is waited for.  The process goes on without the core, and closes what
 * is left.  NULL is fine.
 */
void tty_keeper_free(struct tty_keeper *k);

/* The other end of fd is served already (tests). */
void tty_keeper_adopt(struct tty_keeper *k, const struct child_env *env,
		      int fd);

/*
 * The first one starts the process, from the loop: by then the core is locked
 * in, and knows how its children are to be.  NULL and errno.
 */
struct tty_kept *tty_keeper_add(struct tty_keeper *k, int master,
				const struct tty_kept_ops *ops, void *ctx);

/* One thing at a time: done() is called once, unless it is left before. */
void tty_keeper_ask(struct tty_kept *t, enum tty_keeper_ask what);

/*
 * Its owner needs it no more, and its master is the keeper's; nothing is called
 * any more.  Closed from the loop, so that the service manager can be told
 * first that it is to drop its own.
 */
void tty_keeper_leave(struct tty_kept *t);

/* True: it was the process. */
bool tty_keeper_reaped(struct tty_keeper *k, pid_t pid, int status);

/* Terminals that are left and not closed yet. */
size_t tty_keeper_left(const struct tty_keeper *k);

#endif /* HOST_AGENT_TTY_KEEPER_H */
