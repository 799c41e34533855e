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

/* Nobody has it open, and nothing of whoever had is left in it. */
void tty_conn_set_closed(struct tty_conn *c);

/* How it gets from WIPING to CLOSED (tty_conn_wipe.c). */
/* Leaves the terminal to the keeper. */
void tty_conn_wipe_end(struct tty_conn *c);
/* NULL and errno. */
struct tty_kept *tty_conn_keep(struct tty_conn *c, const struct tty_pty *pty);
/* It is raw; came: somebody may have opened it since that was asked for. */
void tty_conn_look_again(struct tty_conn *c, bool came);

/* Nobody has it open: discards what is left in it; then raw. */
void tty_conn_discard_unread(struct tty_conn *c);
/* Likewise, where nothing is left. */
void tty_conn_make_raw(struct tty_conn *c);

/* Reads what was written to it as far as is allowed: as tty_conn_read(). */
int tty_conn_read_all(struct tty_conn *c);
/* What was written to it: 1, 0 (nothing now) or -EIO: nobody has it. */
int tty_conn_read(struct tty_conn *c);

/* Of a sink. */
void tty_conn_deliver(struct sink *s);
size_t tty_conn_deliver_made(struct sink *s);

/* The record, as in egd_state.h. */
void tty_conn_begin(struct tty_conn *c, int activity);
void tty_conn_save(struct tty_conn *c);

#endif /* HOST_AGENT_TTY_CONN_PRIV_H */
