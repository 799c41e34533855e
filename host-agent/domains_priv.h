/*
 * domains_priv.h - what is known of domains, to those that change it
 */
#ifndef HOST_AGENT_DOMAINS_PRIV_H
#define HOST_AGENT_DOMAINS_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-agent/consumer.h"

struct egd_pub;
struct egd_sock;
struct hostconf;
struct letgo;

struct domains {
	struct egd_pub *pub;
	struct letgo *letgo;
	const struct hostconf *conf;
	const char *run_dir;
	size_t dynamic; /* domains */
	size_t swept;	/* where the next sweep goes on */
	uint64_t saved_us;
	bool dirty;   /* to be saved at the next tick */
	bool unsaved; /* said that the file cannot be written */
};

/* NULL: no such consumer. */
struct egd_sock *domains_find(const struct domains *d, const char *uuid);

/* 0, or -errno: logged, if it is news to the operator. */
int domains_add_dynamic(struct domains *d, const struct consumer *id);

/* Devices let go for a domain that prepared and did not start. */
void domains_end_prepared(struct domains *d, uint64_t now_us);

/* Many domains that start at once are written once. */
void domains_save_soon(struct domains *d);

#endif /* HOST_AGENT_DOMAINS_PRIV_H */
