/*
 * onerng-sim run: COMMAND sees simulated OneRNGs through the real libusb
 *
 * The program executes itself again with umockdev's library preloaded; COMMAND
 * and all its descendants inherit that, so their /sys, /dev/bus/usb and udev
 * events are the testbed's.  This thread owns testbed, COMMAND, control socket
 * and signals; umockdev's worker thread answers ioctls (front_usbfs.c).  The
 * two meet in struct usbfs, under its lock, and at an eventfd by which the
 * worker says that a device left by itself.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "tests/sim/front_testbed.h"
#include "tests/sim/front_usbfs.h"
#include "tests/sim/sim.h"
#include "tests/sim/simctl.h"

#define PRELOAD	    "libumockdev-preload.so.0"
#define PRELOADED   "ONERNG_SIM_PRELOADED"
#define ADDRESS_MAX 127
#define DEV_LEN	    64

struct device {
	struct usbfs usbfs;
	struct testbed_device bed;
	uint64_t plug_at_us; /* 0: not planned */
};

struct front {
	const struct sim *sim;
	UMockdevTestbed *bed;
	struct device device[SIM_DEVICES_MAX];
	unsigned int address; /* last one given */
	int control, signals, watch;
	sigset_t old_mask;
	pid_t child;
	bool ended;
	int status;
};

/* Written by the worker; one process simulates one bus. */
static int gone_fd = -1;

static void on_gone(struct usbfs *dev)
{
	(void)dev;
	eventfd_write(gone_fd, 1);
}

static struct model *op_model(void *ctx, unsigned int device)
{
	return ((struct front *)ctx)->device[device].usbfs.m;
}

static bool op_plugged(void *ctx, unsigned int device)
{
	return ((struct front *)ctx)->device[device].bed.address != 0;
}

/* Addresses are given in turn, as hubs' hosts do: a replug is seen. */
static unsigned int next_address(struct front *f)
{
	bool used;

	do {
		f->address = f->address >= ADDRESS_MAX ? 2 : f->address + 1;
		used = false;
		for (unsigned int i = 0; i < f->sim->devices; i++)
			used |= f->device[i].bed.address == f->address;
	} while (used);
	return f->address;
}

static int op_plug(void *ctx, unsigned int device)
{
	struct front *f = ctx;
	struct device *d = &f->device[device];

	d->plug_at_us = 0;
	if (d->bed.address)
		return -EALREADY;
	usbfs_arrive(&d->usbfs);
	return testbed_plug(f->bed, &d->bed, next_address(f), d->usbfs.base);
}

static int op_unplug(void *ctx, unsigned int device)
{
	struct front *f = ctx;
	struct device *d = &f->device[device];

	d->plug_at_us = 0;
	if (!d->bed.address)
		return -EALREADY;
	usbfs_depart(&d->usbfs);
	testbed_unplug(f->bed, &d->bed);
	return 0;
}

static void op_plug_later(void *ctx, unsigned int device, unsigned int ms)
{
	((struct front *)ctx)->device[device].plug_at_us =
		sim_now_us() + (uint64_t)ms * 1000;
}

static void op_quit(void *ctx)
{
	struct front *f = ctx;

	if (!f->ended)
		kill(f->child, SIGTERM);
}

static void serve_control(struct front *f)
{
	const struct simctl_ops ops = {
		.model = op_model,
		.plugged = op_plugged,
		.plug = op_plug,
		.unplug = op_unplug,
		.plug_later = op_plug_later,
		.quit = op_quit,
		.devices = f->sim->devices,
	};
	char line[SIMCTL_LINE_MAX], answer[SIMCTL_ANSWER_MAX];
	int connection = simctl_accept(f->control, line);

	if (connection < 0)
		return;
	for (unsigned int i = 0; i < f->sim->devices; i++)
		g_rec_mutex_lock(&f->device[i].usbfs.lock);
	simctl_handle(&ops, f, sim_now_us(), line, answer);
	for (unsigned int i = 0; i < f->sim->devices; i++)
		g_rec_mutex_unlock(&f->device[i].usbfs.lock);
	simctl_answer(connection, answer);
}

static void reap_child(struct front *f)
{
	int status;

	if (waitpid(f->child, &status, WNOHANG) != f->child)
		return;
	f->ended = true;
	f->status = WIFEXITED(status) ? WEXITSTATUS(status)
				      : 128 + WTERMSIG(status);
}

static void serve_signal(struct front *f)
{
	struct signalfd_siginfo s;

	if (read(f->signals, &s, sizeof(s)) != sizeof(s))
		return;
	if (s.ssi_signo == SIGCHLD)
		reap_child(f);
	/* The terminal's own signals reach COMMAND without us. */
	else if (s.ssi_code != SI_KERNEL)
		kill(f->child, (int)s.ssi_signo);
}

static void serve_gone(struct front *f)
{
	eventfd_t n;

	if (eventfd_read(gone_fd, &n) < 0)
		return;
	for (unsigned int i = 0; i < f->sim->devices; i++)
		if (model_gone(f->device[i].usbfs.m))
			(void)op_unplug(f, i);
}

static int serve_plugs(struct front *f)
{
	uint64_t now_us = sim_now_us(), next = UINT64_MAX;

	for (unsigned int i = 0; i < f->sim->devices; i++) {
		uint64_t at = f->device[i].plug_at_us;

		if (at && now_us >= at)
			(void)op_plug(f, i);
		else if (at && at < next)
			next = at;
	}
	return next == UINT64_MAX ? -1 : (int)((next - now_us) / 1000 + 1);
}

static void serve(struct front *f)
{
	struct pollfd p[] = {
		{ .fd = f->signals, .events = POLLIN },
		{ .fd = gone_fd, .events = POLLIN },
		{ .fd = f->watch, .events = POLLIN },
		{ .fd = f->control, .events = POLLIN },
	};

	while (!f->ended) {
		/* Before anything that may send an event. */
		testbed_keep_listeners(f->bed, f->watch);
		if (poll(p, 4, serve_plugs(f)) < 0 && errno != EINTR)
			return;
		if (p[0].revents)
			serve_signal(f);
		testbed_keep_listeners(f->bed, f->watch);
		if (p[1].revents)
			serve_gone(f);
		if (p[3].revents)
			serve_control(f);
	}
}

/* Blocked before umockdev makes its thread, which inherits it. */
static int open_signals(struct front *f)
{
	static const int forwarded[] = { SIGCHLD, SIGTERM, SIGINT,  SIGHUP,
					 SIGQUIT, SIGUSR1, SIGUSR2, SIGCONT };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(*forwarded); i++)
		sigaddset(&set, forwarded[i]);
	sigprocmask(SIG_BLOCK, &set, &f->old_mask);
	f->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return f->signals < 0 ? -errno : 0;
}

static void exec_command(const struct front *f, pid_t parent)
{
	char **command = f->sim->command;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(SIM_EXIT_FAILED);
	sigprocmask(SIG_SETMASK, &f->old_mask, NULL);
	execvp(command[0], command);
	fprintf(stderr, "onerng-sim: %s: %s\n", command[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static int start_command(struct front *f)
{
	pid_t parent = getpid();

	f->child = fork();
	if (f->child < 0)
		return -errno;
	if (!f->child)
		exec_command(f, parent);
	return 0;
}

static int make_devices(struct front *f, const char **why)
{
	for (unsigned int i = 0; i < f->sim->devices; i++) {
		struct device *d = &f->device[i];
		struct model *m = sim_model_new(f->sim, i, why);

		if (!m)
			return -EINVAL;
		d->bed.port = i + 1;
		*why = "out of memory";
		if (usbfs_init(&d->usbfs, m, on_gone) < 0)
			return -ENOMEM;
		*why = "umockdev refused the device";
		if (!f->sim->absent && op_plug(f, i) < 0)
			return -EIO;
	}
	return 0;
}

static int set_up(struct front *f, const char **why)
{
	int rc;

	*why = "no event descriptor";
	gone_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (gone_fd < 0 || open_signals(f) < 0)
		return -EIO;
	if (f->sim->control) {
		*why = "the control socket cannot be made there";
		f->control = simctl_listen(f->sim->control);
		if (f->control < 0)
			return f->control;
	}
	*why = PRELOAD " could not be preloaded: is libumockdev0 installed?";
	f->bed = umockdev_testbed_new();
	if (!f->bed || !umockdev_in_mock_environment())
		return -ENOENT;
	*why = "the testbed cannot be watched";
	f->watch = testbed_watch(f->bed);
	if (f->watch < 0)
		return f->watch;
	rc = testbed_add_hub(f->bed, why);
	if (rc < 0)
		return rc;
	return make_devices(f, why);
}

/* All that can hold bytes ends with the process; files must not stay. */
static void tear_down(struct front *f)
{
	for (unsigned int i = 0; i < f->sim->devices; i++)
		if (op_plugged(f, i))
			(void)op_unplug(f, i);
	g_clear_object(&f->bed);
	for (unsigned int i = 0; i < f->sim->devices; i++) {
		usbfs_done(&f->device[i].usbfs);
		model_free(f->device[i].usbfs.m);
	}
	if (f->control >= 0) {
		unlink(f->sim->control);
		close(f->control);
	}
	if (f->signals >= 0)
		close(f->signals);
	if (f->watch >= 0)
		close(f->watch);
	if (gone_fd >= 0)
		close(gone_fd);
}

/* As umockdev-wrapper(1) does; returns when it failed or was done before. */
static void preload(void)
{
	const char *old = getenv("LD_PRELOAD"), *asan = getenv("ASAN_OPTIONS");
	char *path, *list, *options, **argv;
	gsize len;

	if (getenv(PRELOADED)) {
		unsetenv(PRELOADED);
		return;
	}
	if (!g_file_get_contents("/proc/self/cmdline", &path, &len, NULL))
		return;
	argv = calloc(len + 1, sizeof(*argv));
	for (gsize at = 0, n = 0; argv && at < len; at += strlen(path + at) + 1)
		argv[n++] = path + at;
	list = g_strdup_printf(PRELOAD "%s%s", old ? ":" : "", old ? old : "");
	/* gcc's AddressSanitizer wants to come first; it can do without. */
	options = g_strdup_printf("%s%sverify_asan_link_order=0",
				  asan ? asan : "", asan ? ":" : "");
	setenv("LD_PRELOAD", list, 1);
	setenv("ASAN_OPTIONS", options, 1);
	setenv(PRELOADED, "1", 1);
	if (argv)
		execv("/proc/self/exe", argv);
	free(argv);
	g_free(path);
	g_free(list);
	g_free(options);
}

/* Said of a client that was killed within an ioctl, which is its right. */
static void drop_message(const gchar *domain, GLogLevelFlags level,
			 const gchar *message, gpointer data)
{
	(void)domain;
	(void)level;
	(void)message;
	(void)data;
}

int front_umockdev(const struct sim *sim)
{
	struct front *f;
	const char *why = "out of memory";
	int status = SIM_EXIT_FAILED;

	preload();
	g_log_set_handler(NULL, G_LOG_LEVEL_CRITICAL, drop_message, NULL);
	f = calloc(1, sizeof(*f));
	if (!f)
		return status;
	f->sim = sim;
	f->control = f->signals = f->watch = -1;
	f->address = HUB_ADDRESS;
	if (set_up(f, &why) < 0 || start_command(f) < 0) {
		log_err("run: %s", why);
	} else {
		serve(f);
		status = f->status;
	}
	tear_down(f);
	free(f);
	return status;
}
