/*
 * roster.h - makes the published sockets those that the configuration names
 */
#ifndef HOST_AGENT_ROSTER_H
#define HOST_AGENT_ROSTER_H

#include <stdbool.h>

struct consumer;
struct egd_pub;
struct egd_sock;
struct hostconf;

/*
 * Removes consumers that conf does not name, adds new ones, gives the others
 * their limits; who stays keeps its connection.  0 or -ENOMEM, logged.
 */
int roster_apply(struct egd_pub *pub, const struct hostconf *conf,
		 const char *run_dir);

#define ROSTER_DYNAMIC_SPARE 128  /* descriptors are asked for ahead */
#define ROSTER_DYNAMIC_MAX   1024 /* domains that are not configured */

/*
 * Adds a domain that conf does not name, with its defaults and what the domain
 * wishes: domain says its uuid, name and what is known of it.  0 or -ENOMEM,
 * logged.
 */
int roster_add_dynamic(struct egd_pub *pub, const struct hostconf *conf,
		       const char *run_dir, const struct consumer *domain);

/* A domain's wish may have changed; what is set live stays. */
void roster_serve_domain(struct egd_sock *s, const struct hostconf *conf);

/* Lets this process have a descriptor for each socket and each peer. */
void roster_raise_limit(const struct hostconf *conf);

#endif /* HOST_AGENT_ROSTER_H */
