/*
 * containers_view.c - containers as status and consumer-set see them
 */
#include <errno.h>

#include "host-agent/containers_priv.h"
#include "host-agent/egd_pub.h"

void containers_view(const struct container *t, struct container_view *out)
{
	const struct consumer *tty = t->tty ? tty_pub_consumer(t->tty) : NULL;
	const struct consumer *sock = t->sock ? egd_pub_consumer(t->sock)
					      : NULL;

	*out = (struct container_view){
		.id = t->conf.consumer.name,
		.device = t->conf.device,
		.node = t->told.node[0] ? t->told.node : NULL,
		.stalled = t->tty && tty_pub_is_stalled(t->tty),
		.socket = t->sock != NULL,
		.lacks = t->lacks[0] ? t->lacks : NULL,
		.phase = t->phase,
		.pid = t->pid,
		.override = t->override,
		.foreign = sock ? sock->domain.foreign : 0,
		.supply = SUPPLY_NONE,
		.main = tty    ? tty
			: sock ? sock
			       : &t->idle,
		.second = tty ? sock : NULL,
	};
	if (tty)
		out->supply = tty_pub_supply(t->tty);
	else if (sock)
		out->supply = egd_pub_supply(t->sock);
}

struct container *containers_next(struct containers *c, struct container *t)
{
	return t ? TAILQ_NEXT(t, entry) : TAILQ_FIRST(&c->list);
}

int containers_set_service(struct container *t,
			   const struct service_policy *policy)
{
	int r = 0;

	if (!t->tty && !t->sock)
		return -ENODEV;
	if (t->tty)
		r = tty_pub_set_service(t->tty, policy);
	if (r == 0 && t->sock)
		r = egd_pub_set_service(t->sock, policy);
	return r;
}

int containers_set_limits(struct container *t, const struct sched_limits *lim)
{
	if (!t->tty && !t->sock)
		return -ENODEV;
	if (t->tty)
		tty_pub_set_limits(t->tty, lim);
	if (t->sock)
		egd_pub_set_limits(t->sock, lim);
	return 0;
}

void containers_set_override(struct container *t, bool override)
{
	t->override = override;
}
