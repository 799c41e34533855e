/*
 * tty_conn.h - one container's terminal: what is written to it, what it gets
 *
 *   CLOSED --somebody has the slave open--> OPEN --nobody has--> WIPING
 *
 * and from there, once what waited unread is discarded and the terminal is raw
 * again, to CLOSED.  What that takes another process does (tty_keeper.h), which
 * somebody who holds the terminal makes wait: it is stalled, and as long as that
 * lasts in WIPING, where nothing is written.
 *
 * No more than TTY_CONN_AHEAD bytes are written until the slave was read.
 */
#ifndef HOST_AGENT_TTY_CONN_H
#define HOST_AGENT_TTY_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "host-agent/bucket.h"
#include "host-agent/consumer.h"
#include "host-agent/deal.h"
#include "host-agent/sink.h"
#include "host-agent/tty_pty.h"
#include "host-agent/vrng.h"

#define TTY_CONN_AHEAD	     512  /* bytes; whole blocks */
#define TTY_CONN_BLIND	     3072 /* the most without a sign of a reader */
#define TTY_CONN_LATE_MS     2	  /* the first look for a sign missed */
#define TTY_CONN_LATE_STEPS  12	  /* looks, each after twice the time */
#define TTY_CONN_READ_MAX    1024 /* bytes read at once */
#define TTY_CONN_INPUT	     4096 /* bytes read in TTY_CONN_INPUT_MS */
#define TTY_CONN_INPUT_MS    50
#define TTY_CONN_REPLY_RATE  262144 /* bytes a second of images and replies */
#define TTY_CONN_REPLY_BURST 524288

struct egd_conn_env;
struct handover_tty;
struct tty_kept;
struct tty_keeper;

enum tty_conn_state {
	TTY_CLOSED,
	TTY_OPEN,
	TTY_WIPING,
};

struct tty_conn {
	struct sink sink;
	struct egd_conn_env *env;
	struct consumer *consumer;
	struct tty_pty pty;
	struct tty_keeper *keeper;
	struct tty_kept *kept; /* pty's */
	enum tty_conn_state state;
	bool stalled, stalled_told; /* somebody holds it; as was logged */
	bool look_due;		    /* opened, perhaps, amid TTY_WIPING */
	bool inherited; /* what waits unread may be another process's */
	bool plain;	/* no virtual OneRNG: what is written is ignored */
	bool boot_due;	/* what opens it next is a container that started */
	struct vrng vrng;
	struct event read_ev, drain_ev;
	struct event input_ev; /* reads again after too much of it */
	struct event late_ev;  /* no sign of a reader; replies too fast */
	size_t input_left;     /* bytes that may be read before input_ev */
	bool input_due;	       /* input_ev waits */
	size_t window;	       /* bytes that may be written before a sign */
	size_t blind;	       /* bytes written since the last one */
	unsigned int late_step;
	bool dirty; /* something was written since it was opened */
	struct deal_wants wants;
	uint8_t *rest; /* secmem: what a write did not take */
	size_t rest_len;
	enum service_supply rest_supply;
	struct bucket replies;
	uint64_t told_us, stalled_us, unclean_us;
	bool kernel_told;
	struct handover_tty *record; /* for the next process, or NULL */
};

/*
 * Takes the terminal over; deals start once it is scheduled (consumer's
 * entries, whose owner is its sink).  0 or -errno: pty stays the caller's.
 */
int tty_conn_init(struct tty_conn *c, struct egd_conn_env *env,
		  struct tty_keeper *keeper, struct consumer *consumer,
		  const struct tty_pty *pty);
/* Wipes; the keeper closes. */
void tty_conn_free(struct tty_conn *c);

/* Goes on where another process ended; NULL: what it did is not known. */
void tty_conn_resume(struct tty_conn *c, const struct handover_tty *left);

/*
 * Another terminal in its place; who had the old one has nothing.  0 or -errno:
 * the old one stays, pty stays the caller's.
 */
int tty_conn_replace(struct tty_conn *c, const struct tty_pty *pty);

/* Somebody may have opened it. */
void tty_conn_look(struct tty_conn *c);

/* As after power-up, nobody's bytes in it: a container that starts. */
void tty_conn_power_up(struct tty_conn *c);

/* Class or policy changed: 0, or -errno (service_change()'s). */
int tty_conn_set_service(struct tty_conn *c,
			 const struct service_policy *policy);

enum service_supply tty_conn_supply(const struct tty_conn *c);

#endif /* HOST_AGENT_TTY_CONN_H */
