#include "host-agent/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "host-agent/handover.h"
#include "host-agent/usock.h"

void listener_init(struct listener *l, struct event_base *base,
		   const struct listener_at *at, listener_fn accepted,
		   void *ctx)
{
	memset(l, 0, sizeof(*l));
	l->base = base;
	l->at = *at;
	l->fd = -1;
	l->accepted = accepted;
	l->ctx = ctx;
	l->record = handover_join(at->handover, at->key);
}

/* Until the next tick: a socket that is ready and not accepted would spin. */
static void go_deaf(struct listener *l, int err)
{
	if (!l->said)
		log_err("%s: cannot accept: %s: raise LimitNOFILE=", l->at.path,
			strerror(err));
	l->said = true;
	event_del(&l->ev);
	l->deaf = true;
}

static bool is_lack(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOMEM ||
	       err == ENOBUFS;
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct consumer_peer peer = { .uid = (uid_t)-1, .gid = (gid_t)-1 };
	struct listener *l = arg;
	int peer_fd;

	(void)what;
	peer_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (peer_fd < 0) {
		if (is_lack(errno))
			go_deaf(l, errno);
		return;
	}
	l->said = false;
	if (usock_peer(peer_fd, &peer) < 0 || usock_is_probe(peer_fd, &peer))
		close(peer_fd);
	else
		l->accepted(l->ctx, peer_fd, &peer);
}

static int get_socket(struct listener *l, char *why)
{
	const struct listener_at *at = &l->at;
	int fd = handover_take_listener(at->handover, at->key);

	if (fd >= 0) {
		if (usock_adopt(fd, at->path, at->gid, at->mode, why) == 0)
			return fd;
		log_warn("hand-over: %s: made anew", why);
		close(fd);
	}
	return usock_listen(at->path, at->gid, at->mode, why);
}

static void note_why(struct listener *l, const char *why)
{
	free(l->why);
	l->why = why ? strdup(why) : NULL;
}

int listener_open(struct listener *l)
{
	char why[USOCK_WHY_MAX];
	int fd = get_socket(l, why);

	if (fd < 0) {
		note_why(l, why);
		return fd;
	}
	event_assign(&l->ev, l->base, fd, EV_READ | EV_PERSIST, on_ready, l);
	if (event_add(&l->ev, NULL) < 0) {
		usock_unlisten(fd, l->at.path);
		note_why(l, "out of memory");
		return -ENOMEM;
	}
	l->fd = fd;
	note_why(l, NULL);
	handover_add_listener(l->at.handover, l->record, fd);
	return 0;
}

bool listener_tick(struct listener *l)
{
	if (l->deaf && event_add(&l->ev, NULL) == 0)
		l->deaf = false;
	return l->fd < 0 && ++l->ticks % LISTENER_RETRY_S == 0 &&
	       listener_open(l) == 0;
}

void listener_close(struct listener *l)
{
	handover_leave(l->at.handover, l->record);
	l->record = NULL;
	note_why(l, NULL);
	if (!l->base || l->fd < 0)
		return;
	event_del(&l->ev);
	if (handover_is_kept(l->at.handover))
		close(l->fd);
	else
		usock_unlisten(l->fd, l->at.path);
	l->fd = -1;
}
