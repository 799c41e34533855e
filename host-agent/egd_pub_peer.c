/*
 * egd_pub_peer.c - who may be the peer of a domain's or container's socket
 *
 * All QEMUs of a host run as one user, and whoever is root in a container may
 * be anybody on the host, so a mode keeps none of them from another's socket.
 */
#include "common/log.h"
#include "host-agent/container_peer.h"
#include "host-agent/egd_pub_priv.h"
#include "host-agent/generation.h"
#include "host-agent/usock.h"

static const char *const reasons[2][QEMU_PEER_HIDDEN + 1] = {
	{
		[QEMU_PEER_OTHER] = "another domain's QEMU",
		[QEMU_PEER_UNNAMED] = "no QEMU of this domain",
		[QEMU_PEER_HIDDEN] = "/proc does not show what it is",
	},
	{
		[QEMU_PEER_OTHER] = "of another container, as far as is known",
		[QEMU_PEER_UNNAMED] = "of no container",
		[QEMU_PEER_HIDDEN] = "/proc does not show where it is",
	},
};

static bool is_of_container(const struct consumer *c)
{
	return c->kind == CONSUMER_CONTAINER;
}

/*
 * A container's socket anybody on the host may open.  A domain's: a process
 * without a domain's name is a QEMU started by hand, unless libvirt told of the
 * domain, as its QEMUs always bear one.  Who cannot be seen is let in there, or
 * nobody could be where /proc hides processes.
 */
static bool is_refused(const struct egd_sock *s, enum qemu_peer kin)
{
	if (is_of_container(&s->consumer))
		return kin != QEMU_PEER_OWN;
	return kin == QEMU_PEER_OTHER ||
	       (kin == QEMU_PEER_UNNAMED &&
		s->consumer.domain.phase != CONSUMER_UNKNOWN);
}

static enum qemu_peer kin_of(const struct consumer *c,
			     const struct consumer_peer *peer)
{
	return is_of_container(c)
		       ? container_peer_of(peer->pid, c->domain.init, c->name)
		       : qemu_peer_of(peer->pid, c->uuid, c->domain.name);
}

bool egd_pub_peer_is_foreign(struct egd_sock *s,
			     const struct consumer_peer *peer)
{
	struct consumer *c = &s->consumer;
	bool refused, warn = s->pub->check_peer == QEMU_PEER_CHECK_WARN;
	enum qemu_peer kin;

	s->kin = QEMU_PEER_UNNAMED;
	if (c->kind == CONSUMER_HOST ||
	    s->pub->check_peer == QEMU_PEER_CHECK_NO)
		return false;
	kin = kin_of(c, peer);
	s->kin = kin;
	/* who connected is gone: another one holds the connection */
	refused = is_refused(s, kin) ||
		  (kin == QEMU_PEER_HIDDEN && usock_peer_is_dead(peer));
	if (!refused && kin != QEMU_PEER_HIDDEN)
		return false;
	if (refused)
		c->domain.foreign = consumer_add(c->domain.foreign, 1);
	if (egd_conn_may_log(&s->foreign_logged_us))
		log_warn("%s %s: peer pid %d uid %u %s: %s",
			 consumer_kind_name(c->kind), c->name, (int)peer->pid,
			 (unsigned int)peer->uid,
			 refused && !warn ? "refused" : "let in",
			 reasons[is_of_container(c)][kin]);
	return refused && !warn;
}

/* A program that is no QEMU, where such may connect, comes and goes. */
void egd_pub_peer_arrives(struct egd_sock *s)
{
	struct consumer *c = &s->consumer;
	struct consumer_domain *d = &c->domain;

	if (c->kind == CONSUMER_DOMAIN &&
	    (d->boot_due || s->kin == QEMU_PEER_OWN) &&
	    generation_arrives(d, &c->peer, egd_conn_now_us()))
		log_info("domain %s: another QEMU, whose start libvirt's hook "
			 "did not tell: generation %llu",
			 c->name, (unsigned long long)d->generation);
	d->boot_due = false;
}

void egd_pub_set_check_peer(struct egd_pub *p, enum qemu_peer_check check)
{
	p->check_peer = check;
}

struct consumer_domain *egd_pub_domain(struct egd_sock *s)
{
	return &s->consumer.domain;
}
