/*
 * status_trend.h - the figures of a struct trend in JSON
 */
#ifndef HOST_AGENT_STATUS_TREND_H
#define HOST_AGENT_STATUS_TREND_H

#include <jansson.h>

struct trend;

/* A new reference; figures that are not known yet are null. */
json_t *status_trend_json(const struct trend *t);

#endif /* HOST_AGENT_STATUS_TREND_H */
