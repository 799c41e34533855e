/*
 * device_priv.h - what device*.c share
 */
#ifndef HOST_AGENT_DEVICE_PRIV_H
#define HOST_AGENT_DEVICE_PRIV_H

#include "host-agent/device.h"

/* Each state, and each reason for it, is logged once. */
void device_enter(struct device *d, enum device_state state,
		  const char *detail);

void device_tell(struct device *d, enum rawmsg_type type);

/* As it is before its reader says anything. */
void device_begin(struct device *d);

/* A new one, by the configuration.  0, or -errno: the old one stays. */
int device_make_sampler(struct device *d);

void device_open(struct device *d);
void device_selftest_ended(struct device *d, enum device_selftest how);
uint64_t device_now_us(void); /* monotonic */

/* device_verdict.c: what counts against the one that is there now. */
void device_recall(struct device *d);
void device_forget(struct device *d); /* it departed */
/* Another one than device_recall() saw. */
bool device_was_replaced(const struct device *d);
/* True: it has failed too often or for good, and is in that state. */
bool device_stays_failed(struct device *d);
/* The sampler has failed, with the last samples or before them. */
void device_hold(struct device *d);
void device_health_settled(struct device *d);

/*
 * device_baseline.c: the board at hand, by its ID, is judged by its own
 * baseline; what is learnt is kept, and a drift is told.
 */
void device_name_unit(struct device *d, const char *id);
void device_follow_trend(struct device *d);

/* device_adopt.c: false: it is to be dropped. */
bool device_answered(struct device *d, const struct rawmsg *m);

/* It is not there for us any more: its reader is killed, what it made wiped. */
void device_leave(struct device *d, const char *text);

#endif /* HOST_AGENT_DEVICE_PRIV_H */
