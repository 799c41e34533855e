/*
 * core_end.c - how the core ends: by a signal, or by giving way to the program
 * at its path
 *
 *   SIGUSR2 ──▶ rehearsal: it runs with --test ──well──▶ restarting: devices
 *   are given back ──all are, or CORE_STOP_MS──▶ exec
 *
 * Whatever fails leads back to where it began; SIGTERM ends all of it.
 */
#include "host-agent/core_priv.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <systemd/sd-daemon.h>

#include "common/log.h"
#include "host-agent/capture.h"
#include "host-agent/containers.h"
#include "host-agent/devset.h"
#include "host-agent/domains.h"
#include "host-agent/egd_pub.h"
#include "host-agent/handover.h"
#include "host-agent/letgo.h"
#include "host-agent/pool.h"
#include "host-agent/restart.h"
#include "host-agent/tty_keeper.h"

void core_on_term(evutil_socket_t fd, short what, void *arg)
{
	struct timeval tv = { 0, CORE_STOP_MS * 1000 };
	struct core *c = arg;

	(void)what;
	if (c->stopping) {
		event_base_loopbreak(c->base);
		return;
	}
	log_info("ending on signal %d", (int)fd);
	sd_notify(0, "STOPPING=1");
	c->stopping = true;
	if (c->rehearsal)
		kill(c->rehearsal, SIGKILL);
	devset_stop(c->devices);
	event_add(&c->stop_ev, &tv);
	if (!devset_alive(c->devices))
		event_base_loopbreak(c->base);
}

/*
 * The program at our path goes on with the sockets: nothing of what is secret
 * goes along.  Returns if it could not, and then this process goes on.
 */
static void core_exec(struct core *c)
{
	int r;

	event_del(&c->stop_ev);
	domains_save(c->domains);
	devset_abandon(c->devices);
	capture_drop(c->capture);
	egd_pub_wipe(c->pub);
	pool_wipe(c->pool);
	r = handover_arm(c->handover);
	if (!r)
		r = restart_exec(c->restart);
	handover_disarm(c->handover);
	log_err("restart: %s: %s: this process goes on", c->restart->path,
		strerror(-r));
	c->restarting = false;
	egd_pub_renew(c->pub);
	letgo_apply(c->letgo);
	devset_resume(c->devices);
}

static void core_rehearsed(struct core *c, int status)
{
	struct timeval tv = { 0, CORE_STOP_MS * 1000 };

	c->rehearsal = 0;
	event_del(&c->stop_ev);
	if (status) {
		log_err("restart: %s does not start: this process goes on",
			c->restart->path);
		return;
	}
	log_info("restart: %s takes over", c->restart->path);
	c->restarting = true;
	devset_stop_for_heir(c->devices, restart_is_same(c->restart));
	event_add(&c->stop_ev, &tv);
	if (!devset_alive(c->devices))
		core_exec(c);
}

void core_on_usr2(evutil_socket_t fd, short what, void *arg)
{
	struct timeval tv = { RESTART_REHEARSAL_MS / 1000, 0 };
	struct core *c = arg;
	pid_t pid;
	int r;

	(void)fd;
	(void)what;
	if (!c->restart || c->stopping || c->restarting || c->rehearsal)
		return;
	r = devset_save(c->devices);
	if (r < 0) {
		log_err("restart: failures of devices cannot be kept: %s: this "
			"process goes on",
			strerror(-r));
		return;
	}
	pid = restart_rehearse(c->restart);
	if (pid < 0) {
		log_err("restart: %s: %s: this process goes on",
			c->restart->path, strerror(-pid));
		return;
	}
	c->rehearsal = pid;
	event_add(&c->stop_ev, &tv);
}

void core_on_stop_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct core *c = arg;

	(void)fd;
	(void)what;
	if (c->stopping)
		event_base_loopbreak(c->base);
	else if (c->rehearsal)
		kill(c->rehearsal, SIGKILL);
	else if (c->restarting)
		core_exec(c);
}

void core_on_child(evutil_socket_t fd, short what, void *arg)
{
	struct core *c = arg;
	int status;
	pid_t pid;

	(void)fd;
	(void)what;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (c->rehearsal && pid == c->rehearsal && !c->stopping)
			core_rehearsed(c, status);
		else if (!tty_keeper_reaped(c->keeper, pid, status))
			devset_reaped(c->devices, pid, status);
	}
	/* who waits for a device finds its terminal named */
	containers_look(c->containers);
	letgo_settle(c->letgo);
	if (devset_alive(c->devices))
		return;
	if (c->stopping)
		event_base_loopbreak(c->base);
	else if (c->restarting)
		core_exec(c);
}
