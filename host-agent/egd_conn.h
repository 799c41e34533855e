/*
 * egd_conn.h - one peer of the EGD publisher: what it said, what it is owed
 *
 * Embedded in its consumer's socket, so that a peer costs no allocation.
 * Lives from egd_conn_open() to egd_conn_close(); both may come again.
 */
#ifndef HOST_AGENT_EGD_CONN_H
#define HOST_AGENT_EGD_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/egd.h"
#include "host-agent/consumer.h"
#include "host-agent/deal.h"
#include "host-agent/egd_pub.h"
#include "host-agent/pool.h"
#include "host-agent/sched.h"

/* What is given at once: the count byte of EGD_READ_NOW, then blocks. */
#define EGD_CONN_OUT (1 + EGD_PUB_BATCH * POOL_BLOCK)

struct egd_conn;
struct handover_state;
TAILQ_HEAD(egd_conn_list, egd_conn);

/* What all connections share. */
struct egd_conn_env {
	struct event_base *base;
	struct sched *sched; /* of the pool's blocks */
	struct sched *light; /* of what is made as it is given */
	struct pool *pool;
	bool absent, dry; /* no device serves; and the pool is used up */
	uint8_t *out;	  /* secmem: EGD_CONN_OUT bytes */
	struct egd_conn_list now; /* EGD_READ_NOW, to be answered this turn */
	size_t wanting, owing;	  /* connections; owing: from the pool */
	size_t light_wanting;
	uint64_t blocks_sent, bytes_sent;
	uint64_t now_us;	  /* of this turn: for the age of seeds */
	void (*serve)(void *ctx); /* wants may have changed */
	void (*gone)(struct egd_conn *c); /* was closed; may be NULL */
	void *ctx;
};

/* A classic command that waits for the bytes asked for before it. */
struct egd_pending {
	struct egd_request req;
	uint64_t at; /* to be answered once this much is delivered */
};

struct egd_conn {
	int fd; /* -1: closed */
	struct egd_conn_env *env;
	struct consumer *consumer;
	struct event read_ev, write_ev, push_ev;
	struct egd_parser parser;
	uint64_t asked, delivered; /* bytes; delivered > asked: ahead */
	bool requested;		   /* something was asked */
	bool classic;
	bool blocked; /* waits for room in the socket's buffer */
	bool eof;     /* peer has nothing more to say */
	struct deal_wants wants;
	bool owing; /* as counted in env */
	bool push_due, now_due;
	bool resumed; /* accepted by another process */
	bool surplus; /* it may have more than is counted */
	uint8_t push_step;
	uint16_t push_bytes;
	struct egd_pending pending[EGD_PUB_PENDING_MAX];
	uint8_t pending_first, pending_count;
	bool probing; /* one request at a time is timed */
	uint64_t probe_target, probe_us;
	/* Last lines about peers, 0: none; kept from one to the next. */
	uint64_t logged_us, closed_us;
	bool kernel_told; /* this absence's line about the kernel's bytes */
	TAILQ_ENTRY(egd_conn) now_entry;
	struct handover_state *record; /* for the next process, or NULL */
};

/* Microseconds of CLOCK_MONOTONIC. */
uint64_t egd_conn_now_us(void);

void egd_conn_init(struct egd_conn *c, struct egd_conn_env *env,
		   struct consumer *consumer);

/* Takes fd over; consumer->peer is who it is.  0, or -errno (fd closed). */
int egd_conn_open(struct egd_conn *c, int fd);
/*
 * The same for a peer of another process, which left s behind (NULL: nothing
 * is known).  -EPROTO: cannot go on with it (fd closed).
 */
int egd_conn_resume(struct egd_conn *c, int fd, const struct handover_state *s);
/* why is logged, not too often; NULL: the peer left. */
void egd_conn_close(struct egd_conn *c, const char *why);

/* Has the other end been closed?  Also when nothing was read since. */
bool egd_conn_is_hung_up(const struct egd_conn *c);

/* The scheduler chose it: takes a block from the pool, which has one. */
void egd_conn_deliver(struct egd_conn *c);

/*
 * The light scheduler chose it: makes what its peer has open, EGD_PUB_BATCH
 * blocks at most, and sends them at once.  Returns blocks charged to it.
 */
size_t egd_conn_deliver_made(struct egd_conn *c);

/* What its service, the pool or absence has to give it has changed. */
void egd_conn_refresh(struct egd_conn *c);

/* What all consumers see alike, for service.h. */
struct service_view egd_conn_view(const struct egd_conn_env *env);

/* Where its next bytes would come from. */
enum service_supply egd_conn_supply(const struct egd_conn *c);

/* Its DRBG's personalisation: no other connection has it. */
#define EGD_CONN_ID_MAX 128
void egd_conn_id(const struct egd_conn *c, char out[static EGD_CONN_ID_MAX]);

/* Says, once in an absence of devices, whose bytes it gets. */
void egd_conn_tell_kernel(struct egd_conn *c);
void egd_conn_tell_drbg(struct egd_conn *c, const char *why);

/* No block for its EGD_READ_NOW this turn: answers that there is none. */
void egd_conn_decline(struct egd_conn *c);

/* True at most once in EGD_PUB_LOG_GAP_S, for *last_us. */
bool egd_conn_may_log(uint64_t *last_us);

#endif /* HOST_AGENT_EGD_CONN_H */
