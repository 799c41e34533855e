/*
 * status_consumer.h - a consumer, as the status shows it
 */
#ifndef HOST_AGENT_STATUS_CONSUMER_H
#define HOST_AGENT_STATUS_CONSUMER_H

#include <stdint.h>

#include <jansson.h>

#include "host-agent/service.h"

struct consumer;
struct containers;

/* A counter that stops at JSON's largest. */
json_t *status_count(uint64_t n);

/* New references. */
json_t *status_consumer(const struct consumer *c, enum service_supply supply);

/* Appends each container; NULL: there are none. */
void status_add_containers(json_t *list, struct containers *c);

#endif /* HOST_AGENT_STATUS_CONSUMER_H */
