/*
 * consumer.h - who gets bytes: identity, limits, counters
 *
 * A plain record; the publisher that serves a consumer writes it, status reads
 * it.  Counters are over all connections since the start and stop at their
 * maximum.  No entropy.
 */
#ifndef HOST_AGENT_CONSUMER_H
#define HOST_AGENT_CONSUMER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "host-agent/latency.h"
#include "host-agent/sched.h"
#include "host-agent/service.h"

#define CONSUMER_NAME_MAX 64  /* terminated */
#define CONSUMER_UUID_MAX 37  /* terminated */
#define CONSUMER_PATH_MAX 108 /* sun_path, terminated */

enum consumer_kind {
	CONSUMER_DOMAIN, /* a KVM domain: uuid is set */
	CONSUMER_HOST,	 /* the host's own kernel: uuid is empty */
};

struct consumer_peer {
	pid_t pid; /* as of connect(2); 0: nobody yet */
	uid_t uid;
	gid_t gid;
	uint64_t start; /* of the process, clock ticks since boot; 0 unknown */
};

struct consumer {
	enum consumer_kind kind;
	char name[CONSUMER_NAME_MAX];
	char uuid[CONSUMER_UUID_MAX];
	char path[CONSUMER_PATH_MAX];
	struct sched_limits limits;
	struct sched_entry *entry; /* for blocks of the pool */
	struct sched_entry *light; /* for what is made as it is given */
	struct service service;
	bool override; /* changed over the control socket since the last load */

	bool connected;
	struct consumer_peer peer; /* the present one, else the last */

	/* of the present connection, bytes */
	uint64_t owed;	/* asked for and not delivered */
	uint64_t ahead; /* delivered before being asked for */

	uint64_t asked, delivered; /* bytes */
	uint64_t discarded;	   /* bytes bound to it, wiped unsent */
	uint64_t pushed;	   /* bytes, part of delivered */
	uint64_t requests, connections;
	uint64_t drbgs;		/* made by changes of class, for their names */
	uint64_t refused;	/* connections: somebody else was there */
	struct latency latency; /* request to its last byte */
};

/* "domain" or "host". */
const char *consumer_kind_name(enum consumer_kind kind);

/* Is b another process than a?  Also when a is nobody. */
bool consumer_peer_is_new(const struct consumer_peer *a,
			  const struct consumer_peer *b);

/* a + b, or UINT64_MAX: a peer chooses what is added. */
uint64_t consumer_add(uint64_t a, uint64_t b);

#endif /* HOST_AGENT_CONSUMER_H */
