/*
 * deal.h - a consumer at both schedulers: of the pool's blocks, and of what is
 * made as it is given
 *
 * What its connection wants of them is counted in the publishers' common
 * struct egd_conn_env.
 */
#ifndef HOST_AGENT_DEAL_H
#define HOST_AGENT_DEAL_H

#include <stdbool.h>

#include "host-agent/sched.h"

struct consumer;
struct egd_conn_env;
struct sink;

/* What a connection wants, as it is counted. */
struct deal_wants {
	bool pool, made;
};

/*
 * Sets consumer->entry and consumer->light, on one bucket, of its limits; what
 * they deal goes to s.  0; -ENOMEM, then deal_end() is still due.
 */
int deal_begin(struct egd_conn_env *env, struct consumer *consumer,
	       struct sink *s);
void deal_end(struct egd_conn_env *env, struct consumer *consumer);

void deal_set_limits(struct consumer *consumer, const struct sched_limits *lim);

/*
 * Something has changed: works *w out.  open: there is somebody to give bytes
 * to; demand: he would take some.
 */
void deal_want(struct deal_wants *w, struct egd_conn_env *env,
	       const struct consumer *consumer, bool open, bool demand);

#endif /* HOST_AGENT_DEAL_H */
