/*
 * device_facts.h - what a container's hook may know: RUN/lxc/ID.facts
 *
 * Lines key=value; a new file replaces the old one by rename, and only if
 * something changed: root watches for that.
 */
#ifndef HOST_AGENT_DEVICE_FACTS_H
#define HOST_AGENT_DEVICE_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "host-agent/consumer.h"

#define FACTS_MAX      512 /* terminated */
#define FACTS_NODE_MAX 64  /* terminated */

struct device_facts {
	enum consumer_device device;
	char node[FACTS_NODE_MAX]; /* "": there is none now */
	unsigned int major, minor; /* of node */
	const char *state;	   /* of the agent; NULL: not told yet */
};

/* Its length. */
size_t device_facts_text(const struct device_facts *f,
			 char out[static FACTS_MAX]);

bool device_facts_equal(const struct device_facts *a,
			const struct device_facts *b);

/* Writes it if it differs.  0 or -errno. */
int device_facts_write(const char *run_dir, const char *id,
		       const struct device_facts *f);
void device_facts_remove(const char *run_dir, const char *id);

/*
 * The terminal that cdc_acm made of the OneRNG at a USB port path: sets node,
 * major and minor, or clears node.
 */
void device_facts_find_acm(struct device_facts *f, const char *port);
/* The kernel's hardware RNG, likewise. */
void device_facts_find_hwrng(struct device_facts *f);

#endif /* HOST_AGENT_DEVICE_FACTS_H */
