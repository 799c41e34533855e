/*
 * egd_conn_priv.h - what the parts of a connection know of each other
 */
#ifndef HOST_AGENT_EGD_CONN_PRIV_H
#define HOST_AGENT_EGD_CONN_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-agent/egd_conn.h"

/* Bytes that may be delivered before the first waiting command's turn. */
uint64_t egd_conn_owed(const struct egd_conn *c);

/* Brings what others see of this connection up to date. */
void egd_conn_update(struct egd_conn *c);

/* Its socket is full: nothing is sent until it has room. */
void egd_conn_block(struct egd_conn *c);

/* Looks later whether something was asked, and pushes a block if not. */
void egd_conn_arm_push(struct egd_conn *c);

/* Takes what the peer sent.  False: the connection was closed. */
bool egd_conn_parse(struct egd_conn *c, const uint8_t *buf, size_t len);

/* All of it or none: 0, -EAGAIN (waits for room) or -EPIPE (cannot go on). */
int egd_conn_reply(struct egd_conn *c, const uint8_t *reply, size_t len);

/* Answers the commands whose turn it is.  0 or -EPIPE. */
int egd_conn_advance(struct egd_conn *c);

/* The first waiting command is answered. */
void egd_conn_pop(struct egd_conn *c);

/* Its EGD_READ_NOW is no longer to be answered this turn. */
void egd_conn_now_end(struct egd_conn *c);

#endif /* HOST_AGENT_EGD_CONN_PRIV_H */
