/*
 * egd_conn.c - one peer of the EGD publisher: its life
 *
 * Two running totals say everything: asked and delivered.  Their difference is
 * what is owed, or what waits ahead in the socket's buffer for the peer's next
 * request.  A stream peer gets whole blocks while asked - delivered >= 0, so
 * never more than one block waits ahead.  A classic peer reads replies in the
 * order of its commands: commands behind owed bytes wait in a short queue.
 *
 * What it says is read here, understood in egd_conn_ask.c, and what it gets
 * leaves by egd_conn_give.c; each ends in egd_conn_update().
 */
#include "host-agent/egd_conn.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "host-agent/egd_conn_priv.h"
#include "host-agent/egd_state.h"

uint64_t egd_conn_owed(const struct egd_conn *c)
{
	uint64_t target = c->asked;

	if (c->pending_count)
		target = c->pending[c->pending_first].at;
	return target > c->delivered ? target - c->delivered : 0;
}

static bool conn_demands(const struct egd_conn *c)
{
	if (c->fd < 0 || c->blocked)
		return false;
	if (c->classic || c->eof)
		return c->now_due || egd_conn_owed(c);
	return c->requested ? c->asked >= c->delivered : c->push_due;
}

struct service_view egd_conn_view(const struct egd_conn_env *env)
{
	return (struct service_view){
		.absent = env->absent,
		.dry = env->dry,
		.plenty = pool_blocks(env->pool) >=
			  pool_capacity(env->pool) / 2,
		.now_us = env->now_us,
	};
}

enum service_supply egd_conn_supply(const struct egd_conn *c)
{
	struct service_view view = egd_conn_view(c->env);

	return service_supply(&c->consumer->service, &view);
}

void egd_conn_update(struct egd_conn *c)
{
	bool owing = c->asked > c->delivered;

	deal_want(&c->wants, c->env, c->consumer, c->fd >= 0, conn_demands(c));
	c->consumer->owed = owing ? c->asked - c->delivered : 0;
	c->consumer->ahead = owing ? 0 : c->delivered - c->asked;
	owing = owing && c->wants.pool;
	if (owing != c->owing)
		c->env->owing += owing ? 1 : (size_t)-1;
	c->owing = owing;
	egd_state_save(c);
}

void egd_conn_block(struct egd_conn *c)
{
	c->blocked = true;
	event_add(&c->write_ev, NULL);
}

/* A peer that only stopped speaking still gets what it asked for. */
static void conn_end(struct egd_conn *c)
{
	c->eof = true;
	event_del(&c->read_ev);
	event_del(&c->push_ev);
	if (egd_conn_is_hung_up(c) || (!egd_conn_owed(c) && !c->pending_count))
		egd_conn_close(c, NULL);
	else
		egd_conn_update(c);
}

static void conn_readable(evutil_socket_t fd, short what, void *arg)
{
	struct egd_conn *c = arg;
	uint8_t buf[EGD_PUB_READ_MAX];
	ssize_t n;

	(void)what;
	egd_state_begin(c, HANDOVER_READING);
	n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		egd_state_end(c);
		return;
	}
	if (n < 0)
		egd_conn_close(c, NULL);
	else if (n == 0)
		conn_end(c);
	else if (egd_conn_parse(c, buf, (size_t)n))
		egd_conn_update(c);
	egd_state_end(c);
	c->env->serve(c->env->ctx);
}

static void conn_writable(evutil_socket_t fd, short what, void *arg)
{
	struct egd_conn *c = arg;

	(void)fd;
	(void)what;
	c->blocked = false;
	egd_state_begin(c, HANDOVER_SENDING);
	if (egd_conn_advance(c))
		egd_conn_close(c, "cannot answer");
	else
		egd_conn_update(c);
	egd_state_end(c);
	c->env->serve(c->env->ctx);
}

void egd_conn_arm_push(struct egd_conn *c)
{
	unsigned int ms = EGD_PUB_PUSH_MS << c->push_step;
	struct timeval tv = { ms / 1000, (ms % 1000) * 1000 };

	if (c->push_step++ < EGD_PUB_PUSH_STEPS)
		event_add(&c->push_ev, &tv);
}

/*
 * Nothing was asked yet.  A pushed block that is gone answered a request that
 * was lost with an earlier connection; more of them may be waiting.
 */
static void conn_push(evutil_socket_t fd, short what, void *arg)
{
	struct egd_conn *c = arg;
	int unread = 0;

	(void)fd;
	(void)what;
	if (c->push_bytes && ioctl(c->fd, SIOCOUTQ, &unread) < 0)
		return;
	if (unread) {
		egd_conn_arm_push(c);
		return;
	}
	c->delivered = 0;
	c->push_due = c->push_bytes < EGD_PUB_PUSH_MAX;
	egd_conn_update(c);
	c->env->serve(c->env->ctx);
}

void egd_conn_init(struct egd_conn *c, struct egd_conn_env *env,
		   struct consumer *consumer)
{
	memset(c, 0, sizeof(*c));
	c->fd = -1;
	c->env = env;
	c->consumer = consumer;
}

int egd_conn_open(struct egd_conn *c, int fd)
{
	struct egd_conn_env *env = c->env;
	uint64_t logged_us = c->logged_us, closed_us = c->closed_us;
	struct handover_state *record = c->record;
	char id[EGD_CONN_ID_MAX];
	int size = EGD_PUB_SNDBUF;

	egd_conn_init(c, env, c->consumer);
	c->logged_us = logged_us;
	c->closed_us = closed_us;
	c->record = record;
	egd_parser_init(&c->parser);
	/* what lies in the buffer of a peer that does not read is lost to all
	 */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	event_assign(&c->read_ev, env->base, fd, EV_READ | EV_PERSIST,
		     conn_readable, c);
	event_assign(&c->write_ev, env->base, fd, EV_WRITE, conn_writable, c);
	event_assign(&c->push_ev, env->base, -1, 0, conn_push, c);
	if (event_add(&c->read_ev, NULL) < 0) {
		close(fd);
		return -ENOMEM;
	}
	c->consumer->connections = consumer_add(c->consumer->connections, 1);
	egd_conn_id(c, id);
	if (service_open(&c->consumer->service, id) < 0) {
		egd_conn_tell_drbg(c, "no memory is left to lock for its DRBG: "
				      "raise LimitMEMLOCK=");
		event_del(&c->read_ev);
		close(fd);
		return -ENOMEM;
	}
	c->fd = fd;
	c->consumer->connected = true;
	egd_conn_arm_push(c);
	egd_conn_update(c);
	return 0;
}

int egd_conn_resume(struct egd_conn *c, int fd, const struct handover_state *s)
{
	int r = egd_conn_open(c, fd);

	c->resumed = r == 0;
	if (r < 0 || !s)
		return r;
	if (!egd_state_load(c, s)) {
		egd_conn_close(c, "the last process ended amid a reply");
		return -EPROTO;
	}
	egd_conn_update(c);
	return 0;
}

void egd_conn_close(struct egd_conn *c, const char *why)
{
	if (c->fd < 0)
		return;
	if (why && egd_conn_may_log(&c->closed_us))
		log_warn("%s %s: peer pid %d closed: %s",
			 consumer_kind_name(c->consumer->kind),
			 c->consumer->name, (int)c->consumer->peer.pid, why);
	event_del(&c->read_ev);
	event_del(&c->write_ev);
	event_del(&c->push_ev);
	close(c->fd);
	c->fd = -1;
	egd_conn_now_end(c);
	c->asked = 0;
	c->delivered = 0;
	c->consumer->connected = false;
	egd_conn_update(c);
	service_close(&c->consumer->service);
	if (c->env->gone)
		c->env->gone(c);
}

bool egd_conn_is_hung_up(const struct egd_conn *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR));
}

void egd_conn_refresh(struct egd_conn *c)
{
	if (!c->env->absent)
		c->kernel_told = false;
	egd_conn_update(c);
}
