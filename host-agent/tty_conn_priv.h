/*
 * tty_conn_priv.h - what the parts of a terminal's connection know of each
 * other
 */
#ifndef HOST_AGENT_TTY_CONN_PRIV_H
#define HOST_AGENT_TTY_CONN_PRIV_H

#include "host-agent/egd_conn.h"
#include "host-agent/tty_conn.h"

/* Brings what the schedulers and the next process know up to date. */
void tty_conn_update(struct tty_conn *c);

/* Writes what goes ahead of random bytes: the rest of some, replies. */
void tty_conn_pump(struct tty_conn *c);

/* The slave was read: so much may be written again. */
void tty_conn_drained(struct tty_conn *c);

/* What a write did not take goes to nobody. */
void tty_conn_discard(struct tty_conn *c);

/* Nobody has it open: discards what is left in it. */
void tty_conn_wipe(struct tty_conn *c);

/* Of a sink. */
void tty_conn_deliver(struct sink *s);
size_t tty_conn_deliver_made(struct sink *s);

/* The record, as in egd_state.h. */
void tty_conn_begin(struct tty_conn *c, int activity);
void tty_conn_save(struct tty_conn *c);

#endif /* HOST_AGENT_TTY_CONN_PRIV_H */
