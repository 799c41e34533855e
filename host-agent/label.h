/*
 * label.h - what a source of noise is called, and where it is
 *
 * A OneRNG is at a port path and called onerngN, or as the operator says; a
 * hwrng is at the path of its node and called as the operator says.
 */
#ifndef HOST_AGENT_LABEL_H
#define HOST_AGENT_LABEL_H

#define LABEL_MAX	24 /* terminated */
#define LABEL_PLACE_MAX 64 /* a port path or that of a node, terminated */

/*
 * A letter, then letters, digits, '-', '_' or '.'.  NULL, or what is wrong:
 * onerngN names a OneRNG that was given no label.
 */
const char *label_fault(const char *label);

#endif /* HOST_AGENT_LABEL_H */
