#include "host-agent/deal.h"

#include <errno.h>

#include "host-agent/egd_conn.h"
#include "host-agent/sink.h"

int deal_begin(struct egd_conn_env *env, struct consumer *consumer,
	       struct sink *s)
{
	const struct sched_limits *lim = &consumer->limits;
	uint64_t now_us = egd_conn_now_us();

	consumer->entry = sched_add(env->sched, lim, s, now_us);
	consumer->light = sched_add(env->light, lim, s, now_us);
	if (!consumer->entry || !consumer->light)
		return -ENOMEM;
	sched_share_bucket(consumer->light, consumer->entry);
	return 0;
}

void deal_end(struct egd_conn_env *env, struct consumer *consumer)
{
	sched_remove(env->light, consumer->light);
	sched_remove(env->sched, consumer->entry);
}

void deal_set_limits(struct consumer *consumer, const struct sched_limits *lim)
{
	uint64_t now_us = egd_conn_now_us();

	consumer->limits = *lim;
	sched_set_limits(consumer->entry, lim, now_us);
	sched_set_limits(consumer->light, lim, now_us);
}

/* One of the two: *has is what is counted in *count. */
static void want(bool *has, size_t *count, struct sched *sched,
		 struct sched_entry *entry, bool wants)
{
	if (wants == *has)
		return;
	*has = wants;
	*count += wants ? 1 : (size_t)-1;
	sched_want(sched, entry, wants);
}

void deal_want(struct deal_wants *w, struct egd_conn_env *env,
	       const struct consumer *consumer, bool open, bool demand)
{
	const struct service *service = &consumer->service;
	struct service_view view = egd_conn_view(env);

	want(&w->made, &env->light_wanting, env->light, consumer->light,
	     service_wants_made(service, &view, demand));
	want(&w->pool, &env->wanting, env->sched, consumer->entry,
	     open && service_wants_pool(service, &view, demand));
}
