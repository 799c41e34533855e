/*
 * generation.h - how often a domain came up, and for which of its QEMUs that
 * was counted
 *
 * libvirt's hook tells of a start, and the QEMU that connects next is the one
 * that was started.  A message may be lost: the agent was down, or the hook's
 * second was over.  A QEMU that is another process than the one that was
 * counted, and whose start nobody told, is a start, too.
 *
 * Pure: time is an argument.
 */
#ifndef HOST_AGENT_GENERATION_H
#define HOST_AGENT_GENERATION_H

#include <stdbool.h>
#include <stdint.h>

#include "host-agent/consumer.h"

/* The hook's word may come behind its QEMU, which was counted by then. */
#define GENERATION_LATE_S 10

/* The hook tells of a start, restore or arrival: counts it. */
void generation_told(struct consumer_domain *d, uint64_t now_us);

/* It is down: what is told next is another one. */
void generation_ended(struct consumer_domain *d);

/*
 * The domain's QEMU connects.  True: it is another one than was counted and is
 * counted here, as nobody told of it.  The first that is ever seen is not: it
 * may have run for long.
 */
bool generation_arrives(struct consumer_domain *d,
			const struct consumer_peer *peer, uint64_t now_us);

#endif /* HOST_AGENT_GENERATION_H */
