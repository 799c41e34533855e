/*
 * listener.h - a socket at a path of ours, whatever comes in between
 *
 *   closed ──listener_open()──▶ listens, or it stays closed: why, and again
 *   LISTENER_RETRY_S later
 *   listens ──no descriptor is left──▶ deaf ──next tick──▶ listens
 *
 * What stands in the way of one socket is no reason to end: it is told once,
 * stands in the status, and the others are served meanwhile.  The socket goes
 * on in the next process (handover.h).
 */
#ifndef HOST_AGENT_LISTENER_H
#define HOST_AGENT_LISTENER_H

#include <stdbool.h>
#include <sys/types.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "host-agent/consumer.h"

#define LISTENER_RETRY_S 10

struct handover;
struct handover_record;
struct listener;

/* A peer is the callee's: non-blocking, closed at exec. */
typedef void (*listener_fn)(void *ctx, int fd,
			    const struct consumer_peer *peer);

/* Where, for whom, and how it is called in a hand-over. */
struct listener_at {
	const char *path, *key; /* both outlive the listener */
	gid_t gid;		/* (gid_t)-1: as it comes */
	mode_t mode;
	struct handover *handover; /* NULL: not handed over */
};

struct listener {
	struct event_base *base;
	struct listener_at at;
	struct handover_record *record; /* NULL: not handed over */
	int fd;				/* -1: closed */
	char *why;			/* it is closed; NULL: not known */
	bool deaf, said;
	unsigned int ticks;
	struct event ev;
	listener_fn accepted;
	void *ctx;
};

/* Closed, and of the next hand-over. */
void listener_init(struct listener *l, struct event_base *base,
		   const struct listener_at *at, listener_fn accepted,
		   void *ctx);

/*
 * The socket that the last process left, else a new one.  0, or -errno with
 * l->why ("PATH: reason: what to do").
 */
int listener_open(struct listener *l);

/* Once a second.  True: it could not be made, and is open by now. */
bool listener_tick(struct listener *l);

/*
 * Closed, with its file, unless the service manager keeps it.  It is in no
 * hand-over any more.  One that was never begun (zeros) is fine.
 */
void listener_close(struct listener *l);

#endif /* HOST_AGENT_LISTENER_H */
