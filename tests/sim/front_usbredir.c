/*
 * onerng-sim usbredir: a QEMU guest sees a OneRNG behind its own USB host
 *
 * Listens for QEMU's usb-redir device, serves one peer at a time and waits for
 * the next when it leaves; the device stays plugged in and keeps its state, as
 * a real one does when a guest is restarted.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "tests/sim/front_redir.h"
#include "tests/sim/sim.h"
#include "tests/sim/simctl.h"

struct front {
	const struct sim *sim;
	struct model *m;
	bool plugged, quit;
	uint64_t plug_at_us;
	struct redir *peer;
	int listener, control, signals;
};

static struct model *op_model(void *ctx, unsigned int device)
{
	(void)device;
	return ((struct front *)ctx)->m;
}

static bool op_plugged(void *ctx, unsigned int device)
{
	(void)device;
	return ((struct front *)ctx)->plugged;
}

static int op_plug(void *ctx, unsigned int device)
{
	struct front *f = ctx;

	(void)device;
	f->plug_at_us = 0;
	if (f->plugged)
		return -EALREADY;
	model_power_cycle(f->m, sim_now_us());
	f->plugged = true;
	if (f->peer)
		redir_plug(f->peer);
	return 0;
}

static int op_unplug(void *ctx, unsigned int device)
{
	struct front *f = ctx;

	(void)device;
	f->plug_at_us = 0;
	if (!f->plugged)
		return -EALREADY;
	f->plugged = false;
	if (f->peer)
		redir_unplug(f->peer);
	return 0;
}

static void op_plug_later(void *ctx, unsigned int device, unsigned int ms)
{
	(void)device;
	((struct front *)ctx)->plug_at_us = sim_now_us() + (uint64_t)ms * 1000;
}

static void op_quit(void *ctx)
{
	((struct front *)ctx)->quit = true;
}

static void serve_control(struct front *f)
{
	static const struct simctl_ops ops = {
		.model = op_model,
		.plugged = op_plugged,
		.plug = op_plug,
		.unplug = op_unplug,
		.plug_later = op_plug_later,
		.quit = op_quit,
		.devices = 1,
	};
	char line[SIMCTL_LINE_MAX], answer[SIMCTL_ANSWER_MAX];
	int connection = simctl_accept(f->control, line);

	if (connection < 0)
		return;
	simctl_handle(&ops, f, sim_now_us(), line, answer);
	simctl_answer(connection, answer);
}

static void accept_peer(struct front *f)
{
	int fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	f->peer = redir_new(fd, f->m, f->plugged);
	if (!f->peer)
		close(fd);
	log_info("usbredir: a peer connected");
}

static void serve_peer(struct front *f)
{
	redir_service(f->peer);
	if (model_gone(f->m))
		(void)op_unplug(f, 0);
	if (redir_serve(f->peer) == 0)
		return;
	log_info("usbredir: the peer left");
	redir_free(f->peer);
	f->peer = NULL;
}

static int timeout_ms(struct front *f)
{
	uint64_t due = f->peer ? redir_due(f->peer) : UINT64_MAX;
	uint64_t now_us = sim_now_us();

	if (f->plug_at_us) {
		uint64_t plug = f->plug_at_us > now_us ? f->plug_at_us - now_us
						       : 0;

		due = plug < due ? plug : due;
	}
	if (due == UINT64_MAX)
		return -1;
	due = (due + 999) / 1000;
	return due > INT32_MAX ? INT32_MAX : (int)due;
}

static void serve(struct front *f)
{
	while (!f->quit) {
		struct pollfd p[] = {
			{ .fd = f->signals, .events = POLLIN },
			{ .fd = f->control, .events = POLLIN },
			/* The next peer waits in the backlog. */
			{ .fd = f->peer ? redir_fd(f->peer) : f->listener,
			  .events = POLLIN },
		};
		struct redir *peer = f->peer;

		if (peer && redir_wants_write(peer))
			p[2].events |= POLLOUT;
		if (poll(p, 3, timeout_ms(f)) < 0 && errno != EINTR)
			return;
		if (p[0].revents)
			f->quit = true;
		if (p[1].revents)
			serve_control(f);
		if (f->plug_at_us && sim_now_us() >= f->plug_at_us)
			(void)op_plug(f, 0);
		if (f->peer)
			serve_peer(f);
		else if (p[2].revents)
			accept_peer(f);
	}
}

static int open_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static int set_up(struct front *f, const char **why)
{
	f->m = sim_model_new(f->sim, 0, why);
	if (!f->m)
		return -EINVAL;
	*why = "no signal descriptor";
	f->signals = open_signals();
	if (f->signals < 0)
		return -EIO;
	*why = "the socket cannot be made there";
	f->listener = simctl_listen(f->sim->socket);
	if (f->listener < 0)
		return f->listener;
	*why = "the control socket cannot be made there";
	if (f->sim->control) {
		f->control = simctl_listen(f->sim->control);
		if (f->control < 0)
			return f->control;
	}
	if (!f->sim->absent)
		(void)op_plug(f, 0);
	return 0;
}

static void close_socket(int fd, const char *path)
{
	if (fd < 0)
		return;
	unlink(path);
	close(fd);
}

int front_usbredir(const struct sim *sim)
{
	struct front f = {
		.sim = sim, .listener = -1, .control = -1, .signals = -1
	};
	const char *why = NULL;
	int status = 0, rc = set_up(&f, &why);

	if (rc < 0) {
		log_err("usbredir: %s: %s", why, strerror(-rc));
		status = SIM_EXIT_FAILED;
	} else {
		serve(&f);
	}
	redir_free(f.peer);
	close_socket(f.listener, sim->socket);
	close_socket(f.control, sim->control);
	if (f.signals >= 0)
		close(f.signals);
	model_free(f.m);
	return status;
}
