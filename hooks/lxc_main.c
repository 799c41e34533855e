/*
 * lxc_main.c - onerng-lxc-hook: what LXC runs as a container comes and goes
 *
 *	lxc-TYPE [ID] [WORD=VALUE]...
 *
 * LXC waits for it, without a limit, and a hook that fails refuses the
 * container its start.  So this one ends within a second and with 0, unless
 * require=yes stands in its line.
 *
 *	pre-start	tells the agent, which lets a device go for it
 *	autodev		puts a pty into the container's /dev, where ids are the
 *			host's: in a user namespace no owner can be seen
 *	start-host	gives the device to the container's ids, puts into /dev
 *			what is not there yet, tells the agent
 *	post-stop	tells the agent
 *
 * It has the environment of whoever started the container, and LXC's variables
 * in it: only these are looked at.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "hooks/guard.h"
#include "hooks/message.h"
#include "lxc/device.h"

#define PROGRAM	    "onerng-lxc-hook"
#define APPEAR_MS   500 /* for a tty that the kernel's driver makes */
#define APPEAR_STEP 20
#define VERSION_ENV "LXC_HOOK_VERSION"
#define TYPE_ENV    "LXC_HOOK_TYPE"
#define ROOTFS_ENV  "LXC_ROOTFS_MOUNT"
#define LATE	    PROGRAM ": it took too long\n"

/*
 * LXC shows what a hook prints at its level DEBUG alone, hence the system's
 * log.  An exit status.
 */
static int complain(const struct lxc_words *w, const char *what)
{
	int status = w->require ? EXIT_FAILURE : EXIT_SUCCESS;
	const char *name = w->id[0] ? w->id : "a container";

	fprintf(stderr, PROGRAM ": %s: %s%s\n", name, what,
		status ? " (require=yes)" : "");
	openlog(PROGRAM, LOG_NDELAY | LOG_PID, LOG_DAEMON);
	syslog(status ? LOG_ERR : LOG_WARNING, "%s: %s%s", name, what,
	       status ? "; it is not started (require=yes)" : "");
	return status;
}

/* What the line says, else LXC, else the name that the program is run by. */
static enum lxc_hook type_of(const struct lxc_words *w, const char *program)
{
	const char *version = getenv(VERSION_ENV), *type = getenv(TYPE_ENV);

	if (w->type != LXC_HOOK_UNKNOWN)
		return w->type;
	if (version && !strcmp(version, "1") && type)
		return lxc_words_type(type);
	return lxc_words_type(program);
}

static void name_it(struct lxc_words *w)
{
	const char *name = getenv("LXC_NAME");

	if (!w->id[0] && name && lxc_id_valid(name))
		memcpy(w->id, name, strlen(name) + 1);
}

static pid_t init_pid(void)
{
	const char *text = getenv("LXC_PID");
	char *end;
	long n;

	if (!text)
		return 0;
	errno = 0;
	n = strtol(text, &end, 10);
	return *end || errno || n <= 1 || n > INT_MAX ? 0 : (pid_t)n;
}

/* No agent is no trouble of the container's. */
static void tell(const struct lxc_words *w, const char *op, pid_t pid,
		 bool answer)
{
	char text[MESSAGE_MAX], path[LXC_RUN_MAX + 16];
	int len = message_write_container(text, op, w->id, pid), r;

	snprintf(path, sizeof(path), "%s/hook.sock", w->run_dir);
	r = len < 0 ? len : message_send(path, text, (size_t)len, answer);
	if (r < 0)
		fprintf(stderr, PROGRAM ": %s: %s\n", path, strerror(-r));
}

static int autodev(struct lxc_words *w)
{
	const char *root = getenv(ROOTFS_ENV);
	char why[LXC_WHY_MAX];

	if (!root || *root != '/')
		return complain(w, "no " ROOTFS_ENV);
	if (lxc_device_here(w, root, why) < 0)
		return complain(w, why);
	return EXIT_SUCCESS;
}

/* A device that the agent let go has its tty when udev is through. */
static int put(struct lxc_words *w, const struct lxc_init *init,
	       char why[static LXC_WHY_MAX])
{
	const struct timespec step = { .tv_nsec = APPEAR_STEP * 1000000 };
	bool may_appear = w->device == LXC_DEVICE_PASSTHROUGH && !w->path[0];
	int waited = 0, r = lxc_device_into(w, init, why);

	while (r == -ENOENT && may_appear && waited < APPEAR_MS) {
		nanosleep(&step, NULL);
		waited += APPEAR_STEP;
		r = lxc_device_into(w, init, why);
	}
	return r;
}

static int start_host(struct lxc_words *w)
{
	struct lxc_init init = { .pid = init_pid() };
	char why[LXC_WHY_MAX];
	int r, status = EXIT_SUCCESS;

	if (!init.pid)
		return complain(w, "no LXC_PID");
	init.pidfd = pidfd_open(init.pid, 0);
	if (init.pidfd < 0)
		return complain(w, "its init is gone");
	r = put(w, &init, why);
	if (r < 0)
		status = complain(w, why);
	close(init.pidfd);
	tell(w, "started", init.pid, false);
	return status;
}

static int run(struct lxc_words *w, enum lxc_hook type)
{
	switch (type) {
	case LXC_HOOK_PRE_START:
		tell(w, "prepare", 0, true);
		break;
	case LXC_HOOK_AUTODEV:
		return autodev(w);
	case LXC_HOOK_START_HOST:
		return start_host(w);
	case LXC_HOOK_POST_STOP:
		tell(w, "stopped", 0, false);
		break;
	default:
		break;
	}
	return EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
	struct lxc_words w;
	const char *bad = NULL;
	enum lxc_hook type;

	guard_deadline(EXIT_SUCCESS, NULL);
	guard_standard();
	umask(022);
	lxc_words_init(&w);
	lxc_words_parse(&w, argc - 1, argv + 1, &bad);
	type = type_of(&w, argc ? argv[0] : "");
	name_it(&w);
	if (type == LXC_HOOK_AUTODEV || type == LXC_HOOK_START_HOST)
		guard_deadline(w.require ? EXIT_FAILURE : EXIT_SUCCESS, LATE);
	else
		w.require = false;
	if (bad)
		complain(&w, bad);
	if (type == LXC_HOOK_UNKNOWN)
		return complain(&w, "LXC runs this: see its manual");
	if (!w.id[0])
		return complain(&w, "no ID, and its name is none");
	return run(&w, type);
}
