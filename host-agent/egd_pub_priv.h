/*
 * egd_pub_priv.h - the publisher's sockets and its turns
 */
#ifndef HOST_AGENT_EGD_PUB_PRIV_H
#define HOST_AGENT_EGD_PUB_PRIV_H

#include "host-agent/egd_conn.h"
#include "host-agent/egd_pub.h"
#include "host-agent/listener.h"
#include "host-agent/sink.h"

struct egd_sock {
	TAILQ_ENTRY(egd_sock) entry;
	struct egd_pub *pub;
	struct listener listener;
	uint64_t refused_logged_us, foreign_logged_us;
	enum qemu_peer kin; /* of who connected last, if that is looked at */
	struct consumer consumer;
	struct egd_conn conn;
	struct sink sink;
};

TAILQ_HEAD(egd_sock_list, egd_sock);

struct egd_pub {
	struct egd_conn_env env;
	struct egd_sock_list socks;
	struct sink_list sinks; /* of these sockets and of other publishers */
	struct event serve_ev;	/* goes on serving after others had a turn */
	struct event light_ev;	/* gives what is made, a turn per loop */
	bool light_due;		/* ... in the next round of the loop */
	uint64_t starving_since_us; /* 0: nobody is */
	uint64_t starvations, starved_us;
	void (*served)(void *ctx);
	void *served_ctx;
	enum qemu_peer_check check_peer;
	struct handover *handover; /* NULL: nothing outlives this process */
};

/* Not the domain's QEMU, or not in the container: counted, logged not too often. */
bool egd_pub_peer_is_foreign(struct egd_sock *s,
			     const struct consumer_peer *peer);

/* The peer that is let in: counted if it is a QEMU whose start nobody told. */
void egd_pub_peer_arrives(struct egd_sock *s);

/* Its events, and how its connections have it serve. */
void egd_pub_init_turns(struct egd_pub *p);

/* The clock, which becomes this turn's. */
uint64_t egd_pub_now_us(struct egd_pub *p);

/* Supplies have changed: every peer's next bytes may come from elsewhere. */
void egd_pub_refresh_all(struct egd_pub *p);

#endif /* HOST_AGENT_EGD_PUB_PRIV_H */
