/*
 * counts.h - what is counted of a consumer, over all its connections
 *
 * Also a part of a record that another version of the program reads: its
 * layout changes with HANDOVER_VERSION alone (handover_record.h).
 */
#ifndef HOST_AGENT_COUNTS_H
#define HOST_AGENT_COUNTS_H

#include <stdint.h>

/*
 * Members, so that a consumer has them as its own and as one struct.  since_s is
 * of 1970; 0: since this process began.  Bytes: pushed are part of delivered,
 * discarded were bound to it and wiped unsent.  refused: connections that found
 * somebody else there.
 */
#define COUNTS                                        \
	int64_t since_s;                              \
	uint64_t asked, delivered, discarded, pushed; \
	uint64_t requests, connections, refused

struct counts {
	COUNTS;
};

#endif /* HOST_AGENT_COUNTS_H */
