/*
 * device_priv.h - what device*.c share
 */
#ifndef HOST_AGENT_DEVICE_PRIV_H
#define HOST_AGENT_DEVICE_PRIV_H

#include "host-agent/device.h"

/* It is not there for us any more: its reader is killed, what it made wiped. */
void device_leave(struct device *d, const char *text);

#endif /* HOST_AGENT_DEVICE_PRIV_H */
