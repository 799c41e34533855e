/*
 * child.h - the core's side of a process of ours: a reader or the watcher
 *
 * The program runs itself in another role with one end of a socketpair; its
 * messages and its end are reported.  What ended comes back after a delay that
 * doubles up to CHILD_BACKOFF_MAX_MS, if its owner says so.
 */
#ifndef HOST_AGENT_CHILD_H
#define HOST_AGENT_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "host-agent/label.h"
#include "host-agent/rawmsg.h"

#define CHILD_BACKOFF_MIN_MS 250
#define CHILD_BACKOFF_MAX_MS 30000
#define CHILD_MESSAGES_MAX   16 /* taken before others get a turn */

struct child_ops {
	/* m is wiped, m->fd closed afterwards.  May stop the child. */
	void (*message)(void *owner, const struct rawmsg *m);
	/* The process ended by itself; status is wait(2)'s. */
	void (*ended)(void *owner, int status);
	/* The delay of child_restart_later() is over: start it. */
	void (*due)(void *owner);
};

/* What all children share. */
struct child_env {
	struct event_base *base;
	struct rawmsg *msg; /* secmem */
	const char *log_level;
	const char *sandbox; /* as for --sandbox */
};

struct child {
	const struct child_env *env;
	const struct child_ops *ops;
	void *owner;
	const char *role;
	char port[LABEL_PLACE_MAX]; /* empty: the role takes none */
	pid_t pid;		    /* 0: not running */
	int fd;			    /* -1: closed */
	unsigned int failures;	    /* in a row */
	struct event read_ev, start_ev;
};

void child_init(struct child *c, const struct child_env *env,
		const struct child_ops *ops, void *owner);

/*
 * role and port (NULL: none) as for --role and --port.  What still runs is
 * stopped first.  0, or -errno after logging why.
 */
int child_start(struct child *c, const char *role, const char *port);

/*
 * A process of that role that the program before this one started, and its
 * socket, are this one's from now on.
 */
void child_adopt(struct child *c, const char *role, const char *port, pid_t pid,
		 int fd);

/* Lets it go, alive: its process, 0 if there is none, and its socket. */
pid_t child_release(struct child *c, int *fd);

/* due() is called later; the delay grows with every call. */
void child_restart_later(struct child *c);
/* It did what it is for: the next delay is the shortest again. */
void child_is_well(struct child *c);

/* A message without payload.  0 or -errno: it is gone, or does not read. */
int child_send(struct child *c, enum rawmsg_type type);
/* Likewise, with a number of its own. */
int child_ask(struct child *c, enum rawmsg_type type, uint64_t seq);

/* Kills it; its end is reported as if it had ended by itself. */
void child_kill(struct child *c);

/* Kills it and forgets it; also a pending restart.  ended() is not called. */
void child_stop(struct child *c);

/* pid ended.  True if it was this child: ended() was called. */
bool child_reaped(struct child *c, pid_t pid, int status);

/* Milliseconds before restart number n (0, 1, ...). */
unsigned int child_backoff_ms(unsigned int n);

#endif /* HOST_AGENT_CHILD_H */
