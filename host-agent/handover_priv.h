/*
 * handover_priv.h - what handover*.c share: descriptors left by the process
 * before this one, with what its table says of them
 */
#ifndef HOST_AGENT_HANDOVER_PRIV_H
#define HOST_AGENT_HANDOVER_PRIV_H

#include <stddef.h>

#include "host-agent/handover.h"

enum heir_kind {
	HEIR_LISTENER,
	HEIR_PEER,
};

/* A descriptor that is not taken yet. */
struct heir {
	enum heir_kind kind;
	char key[HANDOVER_KEY_MAX];
	int fd; /* -1: taken */
	uint64_t ino;
};

struct heirs {
	struct heir *fds;
	size_t fds_count, fds_size;
	struct handover_left *left; /* used records of the table */
	size_t left_count, left_size;
	uint64_t generation; /* of the table; 0: there was none */
};

/* Everything that exec or the service manager gave us.  0 or -ENOMEM. */
int heirs_collect(struct heirs *h);
/* Closes what is left. */
void heirs_free(struct heirs *h);

/* What the table says of the socket; NULL: nothing. */
const struct handover_left *heirs_left(const struct heirs *h, const char *key);

/* The inode of a socket, a terminal's number; 0 if it is neither. */
uint64_t handover_identity(int fd);

#endif /* HOST_AGENT_HANDOVER_PRIV_H */
