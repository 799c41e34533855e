/*
 * container_describe.h - what is known of a container, as JSON
 */
#ifndef CTL_CONTAINER_DESCRIBE_H
#define CTL_CONTAINER_DESCRIBE_H

#include <jansson.h>

#include "ctl/container.h"

/*
 * {"name","id","config","state","attached","device","names","owner","group",
 * "mode","require","socket","rules","idmapped","node","agent"}; what is not
 * attached has null for what is generated.  status: the agent's, or NULL.
 */
json_t *container_describe(struct container *c, const json_t *status);

#endif /* CTL_CONTAINER_DESCRIBE_H */
