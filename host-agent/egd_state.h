/*
 * egd_state.h - keeps the record of a peer as its connection is, and back
 */
#ifndef HOST_AGENT_EGD_STATE_H
#define HOST_AGENT_EGD_STATE_H

#include <stdbool.h>

#include "host-agent/egd_conn.h"
#include "host-agent/handover_record.h"

/*
 * Around what cannot be counted in the same instant as it happens; the record
 * is not written between them.  All do nothing for a connection without one.
 */
void egd_state_begin(struct egd_conn *c, enum handover_activity activity);
void egd_state_end(struct egd_conn *c);

/* Writes the record. */
void egd_state_save(struct egd_conn *c);

/*
 * Gives a connection that was just opened the state that another process left;
 * what is valid only (handover_state_valid()).  False: it is not known what
 * the peer has seen and a surplus would break its replies: close it.
 */
bool egd_state_load(struct egd_conn *c, const struct handover_state *s);

#endif /* HOST_AGENT_EGD_STATE_H */
