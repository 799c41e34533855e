/*
 * container_device.h - the device that a container is to get, on this host now
 */
#ifndef CTL_CONTAINER_DEVICE_H
#define CTL_CONTAINER_DEVICE_H

#include "ctl/container.h"

/* Finds the number of one that is passed through. */
void container_device_look(struct container_snippet *s,
			   const struct container_host *h);

/*
 * The agent's word for it; port: which OneRNG it is to let go, empty if it is
 * not said.  A node that is no OneRNG's is none of the agent's business.
 */
const char *container_device_for_agent(const struct container_snippet *s,
				       char port[static CONTAINER_PLACE_MAX]);

/*
 * A running container's share of what was planned; what it says to people is
 * printed.  0 or -1, said.
 */
int container_live(struct container *c, bool attach);

#endif /* CTL_CONTAINER_DEVICE_H */
