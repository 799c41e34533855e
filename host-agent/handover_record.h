/*
 * handover_record.h - what one process leaves to the next, as bytes
 *
 * A table of a header and fixed-size records, one for each consumer, in a file
 * in memory that is updated in place: whatever ends a process, the next one
 * reads what it was doing.  The head of a record is the same in every version
 * of the format; of a foreign version only that is used.  No entropy.
 */
#ifndef HOST_AGENT_HANDOVER_RECORD_H
#define HOST_AGENT_HANDOVER_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-agent/counts.h"

#define HANDOVER_MAGIC	     "ORVHAND"
#define HANDOVER_VERSION     2
#define HANDOVER_RECORDS_MAX 6147 /* domains, containers twice, our own */
#define HANDOVER_RECORD_MAX  4096 /* bytes, in any version */
#define HANDOVER_HEAD_SIZE   64	  /* bytes, in every version */
#define HANDOVER_KEY_MAX     40	  /* terminated */
#define HANDOVER_HOST	     "host"
#define HANDOVER_CONTROL     "control"
#define HANDOVER_HOOK	     "hook"
#define HANDOVER_PENDING_MAX 8
#define HANDOVER_AHEAD_MAX   64	 /* bytes */
#define HANDOVER_PUSH_MAX    512 /* bytes */
#define HANDOVER_SEED_MAX    64	 /* bytes of class seed a process got */
#define HANDOVER_COUNT_MAX   (UINT64_MAX >> 2)
#define HANDOVER_TTY_PHASES  3 /* enum tty_conn_state */

struct handover_header {
	char magic[8];
	uint32_t version, record_size, records, zero;
	uint64_t generation; /* one more with every process */
};

/* What a process was doing with a peer when it ended. */
enum handover_activity {
	HANDOVER_IDLE,
	HANDOVER_READING, /* requests may have been read and not counted */
	HANDOVER_SENDING, /* a batch may have been sent and not counted */
	HANDOVER_ACTIVITIES,
};

struct handover_pending {
	uint64_t at;
	uint8_t op, n, zero[6];
};

/* Of a peer, as in struct egd_conn. */
struct handover_state {
	uint64_t asked, delivered;
	uint8_t activity, requested, classic, pending_count;
	uint8_t head[4], have, skip;
	uint16_t push_bytes;
	uint32_t process_bytes; /* class seed gives no more than its 64 */
	struct handover_pending pending[HANDOVER_PENDING_MAX];
};

/* Of a terminal, as in struct tty_conn: its master is where a socket listens. */
struct handover_tty {
	uint64_t zero[2];
	uint8_t activity, phase, paused, mode, parser, skip, armed, reply;
	uint32_t reply_at, process_bytes;
};

/* Of a consumer; a since_s of 0: there is none. */
struct handover_account {
	struct counts counts;
	uint64_t kernel_bytes; /* as in its struct service */
};

struct handover_record {
	char key[HANDOVER_KEY_MAX]; /* a UUID or one of the above; "": unused */
	int32_t listen_fd, peer_fd; /* -1: none */
	uint64_t listen_ino, peer_ino;
	union {
		struct handover_state state;
		struct handover_tty tty;
	};
	struct handover_account account;
};

/* A used record, as parsed. */
struct handover_left {
	char key[HANDOVER_KEY_MAX];
	int listen_fd, peer_fd;
	uint64_t listen_ino, peer_ino;
	bool known;	/* state is valid */
	bool tty_known; /* tty is, if it is that of a terminal */
	struct handover_state state;
	struct handover_tty tty;
	struct handover_account account; /* if it has a since_s */
};

void handover_header_init(struct handover_header *h, uint64_t generation);

/* "host", or a UUID in lower case. */
bool handover_key_valid(const char key[static HANDOVER_KEY_MAX]);

/* Could a process have been in this state? */
bool handover_tty_valid(const struct handover_tty *t);
bool handover_state_valid(const struct handover_state *s);

/*
 * Calls fn() for each used record of a table of len bytes.  Returns how many
 * were dropped because their head makes no sense, or -EINVAL: no table.
 */
int handover_parse(const uint8_t *table, size_t len, uint64_t *generation,
		   void (*fn)(void *ctx, const struct handover_left *left),
		   void *ctx);

#endif /* HOST_AGENT_HANDOVER_RECORD_H */
