#include "host-agent/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"

#define CHILD_EXE "/proc/self/exe"

unsigned int child_backoff_ms(unsigned int n)
{
	unsigned int ms = CHILD_BACKOFF_MIN_MS;

	while (n-- && ms < CHILD_BACKOFF_MAX_MS)
		ms *= 2;
	return ms < CHILD_BACKOFF_MAX_MS ? ms : CHILD_BACKOFF_MAX_MS;
}

static void child_due(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;

	(void)fd;
	(void)what;
	c->ops->due(c->owner);
}

void child_init(struct child *c, const struct child_env *env,
		const struct child_ops *ops, void *owner)
{
	memset(c, 0, sizeof(*c));
	c->env = env;
	c->ops = ops;
	c->owner = owner;
	c->fd = -1;
	event_assign(&c->start_ev, env->base, -1, 0, child_due, c);
}

void child_kill(struct child *c)
{
	if (c->pid)
		kill(c->pid, SIGKILL);
}

static void child_hang_up(struct child *c)
{
	if (c->fd < 0)
		return;
	event_del(&c->read_ev);
	close(c->fd);
	c->fd = -1;
}

/* One message; as rawmsg_recv().  It may stop the child. */
static int child_receive(struct child *c)
{
	int image, r = rawmsg_recv(c->fd, c->env->msg);

	if (r > 0) {
		image = c->env->msg->fd;
		c->ops->message(c->owner, c->env->msg);
		if (image >= 0)
			close(image);
	}
	explicit_bzero(c->env->msg, sizeof(*c->env->msg));
	return r;
}

/* Its end is reported when it is reaped. */
static void child_give_up(struct child *c, int err)
{
	if (err != -EPIPE)
		log_err("%s %s: bad message: %s: process killed", c->role,
			c->port, strerror(-err));
	child_hang_up(c);
	child_kill(c);
}

static void child_readable(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;
	int i, r = 1;

	(void)fd;
	(void)what;
	for (i = 0; i < CHILD_MESSAGES_MAX && r > 0 && c->fd >= 0; i++)
		r = child_receive(c);
	if (r < 0)
		child_give_up(c, r);
}

/* The child sees nothing of ours but the socket and standard error. */
static int child_spawn(struct child *c, int fd)
{
	char self[] = "onerng-hostd", level_opt[] = "-l", level[8];
	char role_opt[] = "--role", role[16], port_opt[] = "--port";
	char sandbox_opt[] = "--sandbox", sandbox[8];
	char *argv[] = { self,	      level_opt, level, role_opt, role,
			 sandbox_opt, sandbox,	 NULL,	NULL,	  NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t reset;
	int err;

	snprintf(level, sizeof(level), "%s", c->env->log_level);
	snprintf(role, sizeof(role), "%s", c->role);
	snprintf(sandbox, sizeof(sandbox), "%s", c->env->sandbox);
	if (c->port[0]) {
		argv[7] = port_opt;
		argv[8] = c->port;
	}
	sigemptyset(&reset);
	sigaddset(&reset, SIGPIPE);
	err = posix_spawn_file_actions_init(&actions);
	if (err)
		return -err;
	err = posix_spawnattr_init(&attr);
	if (err)
		goto out_actions;
	err = posix_spawn_file_actions_adddup2(&actions, fd, RAWMSG_FD);
	if (!err)
		err = posix_spawnattr_setsigdefault(&attr, &reset);
	if (!err)
		err = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	if (!err)
		err = posix_spawn(&c->pid, CHILD_EXE, &actions, &attr, argv,
				  environ);
	if (err)
		c->pid = 0;
	posix_spawnattr_destroy(&attr);
out_actions:
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

static void child_listen(struct child *c, int fd)
{
	c->fd = fd;
	event_assign(&c->read_ev, c->env->base, fd, EV_READ | EV_PERSIST,
		     child_readable, c);
	event_add(&c->read_ev, NULL);
}

int child_start(struct child *c, const char *role, const char *port)
{
	int fds[2], r;

	child_stop(c);
	c->role = role;
	snprintf(c->port, sizeof(c->port), "%s", port ? port : "");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0) {
		r = -errno;
		goto fail;
	}
	/* the core waits for nobody; a child may wait for the core */
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0)
		r = -errno;
	else
		r = child_spawn(c, fds[1]);
	close(fds[1]);
	if (r < 0) {
		close(fds[0]);
		goto fail;
	}
	child_listen(c, fds[0]);
	return 0;
fail:
	log_err("%s %s: cannot start: %s", role, c->port, strerror(-r));
	return r;
}

void child_adopt(struct child *c, const char *role, const char *port, pid_t pid,
		 int fd)
{
	child_stop(c);
	c->role = role;
	snprintf(c->port, sizeof(c->port), "%s", port);
	c->pid = pid;
	child_listen(c, fd);
}

pid_t child_release(struct child *c, int *fd)
{
	pid_t pid = c->pid;

	*fd = c->fd;
	if (c->fd >= 0)
		event_del(&c->read_ev);
	event_del(&c->start_ev);
	c->fd = -1;
	c->pid = 0;
	return pid;
}

void child_restart_later(struct child *c)
{
	unsigned int ms = child_backoff_ms(c->failures++);
	struct timeval tv = { ms / 1000, (ms % 1000) * 1000 };

	event_add(&c->start_ev, &tv);
}

void child_is_well(struct child *c)
{
	c->failures = 0;
}

int child_send(struct child *c, enum rawmsg_type type)
{
	return child_ask(c, type, 0);
}

int child_ask(struct child *c, enum rawmsg_type type, uint64_t seq)
{
	return c->fd < 0 ? -EPIPE : rawmsg_send(c->fd, type, seq, NULL, 0);
}

void child_stop(struct child *c)
{
	event_del(&c->start_ev);
	child_hang_up(c);
	child_kill(c);
	c->pid = 0;
}

bool child_reaped(struct child *c, pid_t pid, int status)
{
	bool was_open = c->fd >= 0;

	if (!c->pid || c->pid != pid)
		return false;
	c->pid = 0;
	/* what it said last is still in the socket */
	while (c->fd >= 0 && !c->pid && child_receive(c) > 0)
		;
	/* which may have made the owner stop it or start it anew */
	if (c->pid || (was_open && c->fd < 0))
		return true;
	child_hang_up(c);
	c->ops->ended(c->owner, status);
	return true;
}
