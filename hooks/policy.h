/*
 * policy.h - the policy in a domain's <metadata>, as the scan comes by
 *
 *	<domain><metadata>
 *	  <onerng:policy xmlns:onerng='urn:onerng-virt:policy:1' class='drbg'
 *	                 rate='4096' burst='65536' weight='2'
 *	                 when-absent='kernel'/>
 *
 * The prefix is anyone's choice, and may be bound at any of the three.  What
 * makes no sense is left out and remembered; where it is not clear what was
 * meant (two policies, an element in one) there is none.
 */
#ifndef HOOKS_POLICY_H
#define HOOKS_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "hooks/slice.h"

#define POLICY_URI	      "urn:onerng-virt:policy:1"
#define POLICY_WORD_MAX	      8	 /* terminated */
#define POLICY_BINDINGS_MAX   16 /* prefixes that are bound at once */
#define POLICY_ATTRIBUTES_MAX 16 /* of an element of <metadata> */

/* Ranges as in the configuration of the host agent. */
#define POLICY_RATE_MAX	  1000000000ul
#define POLICY_BURST_MAX  1073741824ul
#define POLICY_WEIGHT_MAX 1000ul

/* All zero: nothing is asked for. */
struct policy {
	char class[POLICY_WORD_MAX], when_absent[POLICY_WORD_MAX];
	unsigned long rate, burst, weight;
	bool has_rate, has_burst, has_weight;
	bool senseless; /* something of it was left out */
};

/* A prefix, empty for the default, and whether it is bound to POLICY_URI. */
struct policy_binding {
	struct slice prefix;
	size_t depth; /* of the element that binds it */
	bool ours;
};

struct policy_attribute {
	struct slice name, value;
};

/* All zero: before the first element. */
struct policy_scan {
	struct policy_binding bindings[POLICY_BINDINGS_MAX];
	size_t bindings_count;
	/* of the element that is being read */
	struct policy_attribute attributes[POLICY_ATTRIBUTES_MAX];
	size_t attributes_count;
	size_t found; /* elements of ours */
	bool inside;  /* ... one is open */
	bool blurred; /* more of something than there is room for */
};

/*
 * The scan's steps, for elements that are <domain>, <metadata> in it, or in
 * that: depth 1, 2 or 3.
 */
void policy_attribute(struct policy_scan *s, size_t depth, struct slice name,
		      struct slice value);
/* Its start tag is complete: qname with its prefix. */
void policy_enter(struct policy_scan *s, size_t depth, struct slice qname,
		  struct policy *out);
void policy_leave(struct policy_scan *s, size_t depth);

/* There is something else than blanks and comments in an element of depth 3. */
void policy_content(struct policy_scan *s);

/* After all of it. */
void policy_end(const struct policy_scan *s, struct policy *out);

#endif /* HOOKS_POLICY_H */
