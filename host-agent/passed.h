/*
 * passed.h - a USB device that a domain has passed through, as its XML names it
 */
#ifndef HOST_AGENT_PASSED_H
#define HOST_AGENT_PASSED_H

#include <stddef.h>

#include <jansson.h>

#define PASSED_MAX 8 /* of a domain; hook and watcher tell of no more */

/* Numbers that the XML does not have are 0. */
struct passed {
	unsigned int vendor, product, bus, device;
};

/*
 * Of [[VENDOR,PRODUCT,BUS,DEVICE],...]; what is no such thing is left out.  How
 * many there are in out.
 */
size_t passed_parse(struct passed out[static PASSED_MAX], const json_t *list);

#endif /* HOST_AGENT_PASSED_H */
