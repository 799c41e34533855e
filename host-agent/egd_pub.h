/*
 * egd_pub.h - the EGD publisher: one socket and one connection per consumer
 *
 * Life of a connection, decided by what its peer says:
 *
 *   silent ──EGD_READ──▶ stream: owed blocks, then one block ahead
 *      │  ╲
 *      │   ╲──EGD_LEVEL, EGD_READ_NOW, EGD_PID──▶ classic: exact bytes only
 *      └── nothing asked: push a block (QEMU never repeats a lost request)
 *
 * A peer is always read; what it is owed is counted.  A block is bound to one
 * consumer before it is sent, and what a send does not take is wiped.
 */
#ifndef HOST_AGENT_EGD_PUB_H
#define HOST_AGENT_EGD_PUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host-agent/consumer.h"
#include "host-agent/qemu_peer.h"

#define EGD_PUB_READ_MAX    4096  /* bytes read per turn of one peer */
#define EGD_PUB_SERVE_MAX   256	  /* blocks sent before others get a turn */
#define EGD_PUB_LIGHT_MAX   256	  /* the same of what is made, per loop */
#define EGD_PUB_BATCH	    16	  /* blocks made for one peer and one send */
#define EGD_PUB_SNDBUF	    16384 /* bytes asked of the kernel per peer */
#define EGD_PUB_PENDING_MAX 8	  /* classic commands behind owed bytes */
#define EGD_PUB_LEVEL_MAX   32768 /* bits, the most EGD_LEVEL tells */
#define EGD_PUB_PUSH_MS	    200	  /* silence before the first push */
#define EGD_PUB_PUSH_STEPS  7	  /* looks, each after twice the time */
#define EGD_PUB_PUSH_MAX    256	  /* bytes pushed per connection */
#define EGD_PUB_LOG_GAP_S   10	  /* between two lines about one consumer */

struct event_base;
struct handover;
struct pool;
struct sched;
struct sink;
struct egd_conn_env;
struct egd_pub;
struct egd_sock;

struct egd_pub_stats {
	uint64_t blocks_sent, bytes_sent;
	uint64_t starvations; /* somebody was owed bytes, the pool was empty */
	uint64_t starved_us;
	size_t wanting; /* consumers that would take a block now */
};

/*
 * All must outlive the publisher.  served() is called when blocks may have
 * left the pool.  NULL and errno (secmem's).
 */
struct egd_pub *egd_pub_new(struct event_base *base, struct sched *sched,
			    struct pool *pool, void (*served)(void *ctx),
			    void *ctx);
/* Before the first is added: what was left is taken over, and left again. */
void egd_pub_set_handover(struct egd_pub *p, struct handover *h);
/*
 * This process ends.  True: the service manager keeps what it was given, which
 * is closed and nothing more.  Consumers can still be removed, not added.
 */
bool egd_pub_leave(struct egd_pub *p);
/*
 * Before another program takes over: every consumer's DRBG and what is bound to
 * a terminal are wiped.  If it did not, all are served again, by new DRBGs.
 */
void egd_pub_wipe(struct egd_pub *p);
void egd_pub_renew(struct egd_pub *p);
void egd_pub_free(struct egd_pub *p); /* with all sockets; NULL is fine */

/*
 * Consumers of other publishers: what they share with connections of this one,
 * and whom the turns serve.  A sink that parts has no entries in schedulers.
 */
struct egd_conn_env *egd_pub_env(struct egd_pub *p);
void egd_pub_join(struct egd_pub *p, struct sink *sink);
void egd_pub_part(struct egd_pub *p, struct sink *sink);

/*
 * Publishes a consumer at id->path; identity and limits are copied.  A socket
 * that cannot be made is logged and tried again (listener.h): it is a consumer
 * without one till then.  NULL and errno: no memory.
 */
struct egd_sock *egd_pub_add(struct egd_pub *p, const struct consumer *id,
			     gid_t gid);
/* Closes its connection and removes its socket. */
void egd_pub_remove(struct egd_pub *p, struct egd_sock *s);
void egd_pub_set_limits(struct egd_sock *s, const struct sched_limits *lim);
/* A domain that got another name. */
void egd_pub_set_name(struct egd_sock *s, const char *name);

/*
 * Class and policy change while its peer is connected; bytes it is owed
 * follow.  0, or -errno (service_change()'s): they stay as they were.
 */
int egd_pub_set_service(struct egd_sock *s,
			const struct service_policy *policy);
/* Marks it as changed over the control socket, until the next reload. */
void egd_pub_set_override(struct egd_sock *s, bool override);

/* No device serves, or one does again; the same again is no change. */
void egd_pub_set_absent(struct egd_pub *p, bool absent);

/* Where the consumer's next bytes would come from. */
enum service_supply egd_pub_supply(const struct egd_sock *s);

/* What libvirt's hook told of it: domains.c changes it. */
struct consumer_domain *egd_pub_domain(struct egd_sock *s);

/* Who may be the peer of a socket but the host's, from the next one on. */
void egd_pub_set_check_peer(struct egd_pub *p, enum qemu_peer_check check);

/* Closes a connection whose process is no more: what a crash left. */
void egd_pub_sweep(struct egd_sock *s);

/* The consumer's record, counters up to date. */
const struct consumer *egd_pub_consumer(const struct egd_sock *s);
/* All of them, in order of addition; NULL starts, NULL ends. */
struct egd_sock *egd_pub_next(struct egd_pub *p, struct egd_sock *s);

/* Gives out what the pool holds; called when blocks arrived. */
void egd_pub_serve(struct egd_pub *p);

/* Once a second: listens again where it could not (listener.h). */
void egd_pub_tick(struct egd_pub *p);

void egd_pub_stats(const struct egd_pub *p, struct egd_pub_stats *out);

#endif /* HOST_AGENT_EGD_PUB_H */
