#include "host-agent/devset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "common/log.h"
#include "common/secmem.h"
#include "host-agent/adopt.h"
#include "host-agent/hostconf.h"
#include "host-agent/pool.h"

/* So that OneRNGs are numbered from 0 whether there is a hwrng or not. */
#define HWRNG_NUMBER (POOL_DEVICES - 1)

struct devset {
	struct device_env env;
	struct child watcher;
	const struct hostconf *conf;
	struct device devices[DEVSET_MAX];
	size_t count;
	unsigned int next_number;
	uint64_t idle_since_us; /* 0: busy */
	bool stopping;
	struct adopt left; /* readers, by or to another program */
	struct verdicts verdicts;
	struct baselines baselines;
};

static struct device *find_port(struct devset *s, const char *port)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (s->devices[i].kind == DEVICE_ONERNG &&
		    !strcmp(s->devices[i].port, port))
			return &s->devices[i];
	return NULL;
}

/* A new place, or that of a departed device: NULL when all are in use. */
static struct device *make_place(struct devset *s)
{
	size_t i;

	if (s->count < DEVSET_MAX)
		return &s->devices[s->count++];
	for (i = 0; i < s->count; i++) {
		if (s->devices[i].kind == DEVICE_ONERNG &&
		    s->devices[i].state == DEVICE_GONE &&
		    !s->devices[i].released[0]) {
			device_fini(&s->devices[i]);
			return &s->devices[i];
		}
	}
	return NULL;
}

/* The pool would count its blocks with another device's. */
static bool number_in_use(const struct devset *s, unsigned int number)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (s->devices[i].number % POOL_DEVICES ==
		    number % POOL_DEVICES)
			return true;
	return number % POOL_DEVICES == HWRNG_NUMBER;
}

static unsigned int make_number(struct devset *s)
{
	while (number_in_use(s, s->next_number))
		s->next_number++;
	return s->next_number++;
}

/* NULL: there is no place for it. */
static struct device *place_device(struct devset *s, const char *port)
{
	unsigned int number = make_number(s);
	struct device *d = make_place(s);

	if (!d)
		return NULL;
	device_init(d, &s->env, number, port);
	if (s->conf)
		device_set_label(d, hostconf_label(s->conf, port));
	return d;
}

static struct device *make_device(struct devset *s, const char *port)
{
	struct device *d = place_device(s, port);

	if (!d)
		log_warn("port %s: more than %d OneRNGs", port, DEVSET_MAX);
	return d;
}

static void arrived(struct devset *s, const char *port)
{
	struct device *d = find_port(s, port);

	if (!hostconf_port_allowed(s->conf, port)) {
		log_info("port %s: a OneRNG arrived; not configured", port);
		return;
	}
	if (!d)
		d = make_device(s, port);
	if (d)
		device_arrived(d);
}

/* A port that is not configured any more gives its device back in order. */
static void adopt_readers(struct devset *s)
{
	struct adopt_reader *r;
	struct device *d;
	size_t i;

	adopt_collect(&s->left, s->env.child.sandbox);
	for (i = 0; i < s->left.count; i++) {
		r = &s->left.readers[i];
		d = find_port(s, r->port) ? NULL : make_device(s, r->port);
		if (d && device_adopt(d, r->pid, r->fd) == 0)
			r->pid = 0;
	}
	adopt_disarm(&s->left);
}

static void watcher_message(void *owner, const struct rawmsg *m)
{
	struct devset *s = owner;
	struct device *d;

	child_is_well(&s->watcher);
	if (m->type == RAWMSG_ARRIVED) {
		arrived(s, m->u.port.port);
	} else if (m->type == RAWMSG_LEFT) {
		d = find_port(s, m->u.port.port);
		if (d)
			device_departed(d);
	}
}

static void watcher_due(void *owner)
{
	struct devset *s = owner;

	if (child_start(&s->watcher, "watcher", NULL) < 0)
		child_restart_later(&s->watcher);
}

static void watcher_ended(void *owner, int status)
{
	struct devset *s = owner;

	if (s->stopping)
		return;
	log_err("watcher: ended (%s %d): started again",
		WIFSIGNALED(status) ? "signal" : "status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	child_restart_later(&s->watcher);
}

static const struct child_ops watcher_ops = {
	.message = watcher_message,
	.ended = watcher_ended,
	.due = watcher_due,
};

struct devset *devset_new(struct event_base *base, struct pool *pool,
			  void (*changed)(void *ctx), void *ctx)
{
	struct devset *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->env.child.base = base;
	s->env.child.log_level = "info";
	s->env.child.sandbox = sandbox_mode_name(SANDBOX_ERRNO);
	s->env.pool = pool;
	s->env.verdicts = &s->verdicts;
	s->env.baselines = &s->baselines;
	s->env.changed = changed;
	s->env.ctx = ctx;
	s->env.child.msg = secmem_alloc(sizeof(*s->env.child.msg));
	if (!s->env.child.msg) {
		free(s);
		return NULL;
	}
	child_init(&s->watcher, &s->env.child, &watcher_ops, s);
	return s;
}

void devset_load(struct devset *s, const char *run_dir, const char *state_dir,
		 uint64_t now_us)
{
	verdicts_load(&s->verdicts, run_dir, now_us);
	baselines_load(&s->baselines, state_dir);
}

int devset_save(struct devset *s)
{
	return s->verdicts.unsaved ? verdicts_save(&s->verdicts) : 0;
}

const char *devset_lacks(const struct devset *s)
{
	return s->baselines.lacks;
}

void devset_free(struct devset *s)
{
	size_t i;

	if (!s)
		return;
	for (i = 0; i < s->count; i++)
		device_fini(&s->devices[i]);
	child_stop(&s->watcher);
	secmem_free(s->env.child.msg);
	free(s);
}

static struct device *find_hwrng(struct devset *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (s->devices[i].kind == DEVICE_HWRNG)
			return &s->devices[i];
	return NULL;
}

static void start_hwrng(struct devset *s, struct device *d)
{
	if (!d) {
		log_warn("%s: not used: more than %d devices",
			 s->conf->hwrng.label, DEVSET_MAX);
		return;
	}
	device_init_hwrng(d, &s->env, HWRNG_NUMBER, &s->conf->hwrng);
	device_arrived(d);
}

/* The hwrng is the one that the configuration names, or none. */
static void configure_hwrng(struct devset *s)
{
	const struct hostconf_hwrng *conf = &s->conf->hwrng;
	struct device *d = find_hwrng(s);

	if (!conf->label[0]) {
		if (d)
			device_stop(d);
	} else if (!d) {
		start_hwrng(s, make_place(s));
	} else if (strcmp(d->port, conf->path)) {
		pool_wipe_device(s->env.pool, HWRNG_NUMBER);
		device_fini(d);
		start_hwrng(s, d);
	} else {
		device_use_hwrng(d, conf);
		if (device_reload(d) < 0)
			log_err("%s: no memory: keeps its old configuration",
				d->name);
		/* unless it is there and used already */
		if (d->stopping || (d->state == DEVICE_GONE && !d->reader.pid))
			device_arrived(d);
	}
}

void devset_configure(struct devset *s, const struct hostconf *conf)
{
	struct device *d;
	size_t i;

	s->conf = conf;
	s->env.child.log_level = log_level_name(conf->log_level);
	s->env.child.sandbox = sandbox_mode_name(conf->sandbox);
	s->env.h_byte_millibits = conf->h_byte_millibits;
	s->env.h_bit_millibits = conf->h_bit_millibits;
	s->env.firmware = &conf->firmware;
	adopt_readers(s);
	for (i = 0; i < s->count; i++) {
		d = &s->devices[i];
		if (d->kind == DEVICE_HWRNG)
			continue;
		device_set_label(d, hostconf_label(conf, d->port));
		if (!hostconf_port_allowed(conf, d->port))
			device_stop(d);
		else if (device_reload(d) < 0)
			log_err("%s: no memory: keeps its old configuration",
				d->name);
	}
	configure_hwrng(s);
	/* a new one reports all that are there, also those now allowed */
	watcher_due(s);
}

void devset_stop(struct devset *s)
{
	devset_stop_for_heir(s, false);
}

void devset_stop_for_heir(struct devset *s, bool same)
{
	size_t i;

	s->stopping = true;
	for (i = 0; i < s->count; i++)
		if (!same || !device_leave_reader(&s->devices[i]))
			device_stop(&s->devices[i]);
	child_send(&s->watcher, RAWMSG_STOP);
}

size_t devset_alive(const struct devset *s)
{
	size_t i, alive = s->watcher.pid != 0;

	for (i = 0; i < s->count; i++)
		alive += s->devices[i].reader.pid &&
			 !device_has_left_reader(&s->devices[i]);
	return alive;
}

/* What cannot be left is killed with its device's end. */
static void leave_readers(struct devset *s)
{
	struct device *d;
	pid_t pid;
	size_t i;
	int fd;

	s->left.count = 0;
	for (i = 0; i < s->count; i++) {
		d = &s->devices[i];
		if (!d->leaving || !device_may_leave_reader(d))
			continue;
		pid = child_release(&d->reader, &fd);
		if (!adopt_add(&s->left, pid, fd, d->port))
			adopt_kill(pid, fd);
	}
	if (adopt_arm(&s->left, s->env.child.sandbox) < 0)
		adopt_disarm(&s->left);
}

void devset_abandon(struct devset *s)
{
	leave_readers(s);
	while (s->count)
		device_fini(&s->devices[--s->count]);
	s->next_number = 0;
	child_stop(&s->watcher);
}

void devset_resume(struct devset *s)
{
	s->stopping = false;
	s->idle_since_us = 0;
	adopt_disarm(&s->left);
	configure_hwrng(s);
	watcher_due(s);
}

void devset_tick(struct devset *s, uint64_t now_us, bool idle)
{
	uint64_t pause_us = s->conf->idle_pause_s * 1000000ull;
	bool pause;
	size_t i;

	if (!idle)
		s->idle_since_us = 0;
	else if (!s->idle_since_us)
		s->idle_since_us = now_us;
	pause = pause_us && idle && now_us - s->idle_since_us >= pause_us;
	devset_save(s);
	if (*s->baselines.lacks)
		baselines_save(&s->baselines);
	for (i = 0; i < s->count; i++) {
		device_tick(&s->devices[i], now_us);
		if (pause)
			device_pause(&s->devices[i]);
	}
}

void devset_wake(struct devset *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		device_wake(&s->devices[i]);
}

void devset_slept(struct devset *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		device_slept(&s->devices[i]);
}

const struct child_env *devset_child_env(const struct devset *s)
{
	return &s->env.child;
}

void devset_reaped(struct devset *s, pid_t pid, int status)
{
	size_t i;

	if (child_reaped(&s->watcher, pid, status))
		return;
	for (i = 0; i < s->count; i++)
		if (device_reaped(&s->devices[i], pid, status))
			return;
}

size_t devset_count(const struct devset *s)
{
	return s->count;
}

const struct device *devset_device(const struct devset *s, size_t i)
{
	return &s->devices[i];
}

int devset_find(const struct devset *s, const char *word)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (*word && s->devices[i].kind == DEVICE_ONERNG &&
		    devset_is_named(&s->devices[i], word))
			return (int)i;
	return -ENOENT;
}

void devset_reserve(struct devset *s, const char *port, const char *by)
{
	struct device *d = find_port(s, port);

	if (!d)
		d = place_device(s, port);
	if (d)
		device_release(d, by);
}

void devset_claim(struct devset *s, size_t i)
{
	struct device *d = &s->devices[i];

	if (!s->stopping && hostconf_port_allowed(s->conf, d->port))
		device_claim(d);
	else
		d->released[0] = '\0'; /* ours to use once it is allowed */
}

void devset_force(struct devset *s, size_t i)
{
	if (!device_is_let_go(&s->devices[i]))
		child_kill(&s->devices[i].reader);
}

bool devset_forgive(struct devset *s, const char *word)
{
	struct device *d;
	size_t i;

	for (i = 0; i < s->count && *word && !s->stopping; i++) {
		d = &s->devices[i];
		if (devset_is_named(d, word) &&
		    (d->kind == DEVICE_HWRNG
			     ? !d->stopping
			     : hostconf_port_allowed(s->conf, d->port)))
			return device_forgive(d);
	}
	return false;
}

bool devset_renew(struct devset *s, const char *word)
{
	struct device *d;
	size_t i;

	for (i = 0; i < s->count && *word; i++) {
		d = &s->devices[i];
		if (!devset_is_named(d, word) || d->released[0] ||
		    d->state == DEVICE_GONE)
			continue;
		device_renew(d);
		return true;
	}
	return false;
}

bool devset_is_named(const struct device *d, const char *name)
{
	return !*name || !strcmp(d->name, name) || !strcmp(d->port, name);
}

int devset_selftest(struct devset *s, size_t i)
{
	return device_selftest(&s->devices[i]);
}

static bool any(const struct devset *s, enum device_state state)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (s->devices[i].state == state)
			return true;
	return false;
}

const char *devset_state(const struct devset *s)
{
	if (any(s, DEVICE_RUNNING) || any(s, DEVICE_PAUSED))
		return "serving";
	if (any(s, DEVICE_RECOVERING))
		return "holding";
	if (any(s, DEVICE_OPENING) || any(s, DEVICE_CHECKING) ||
	    any(s, DEVICE_STARTING))
		return "starting";
	return any(s, DEVICE_FAILED) ? "failed" : "no-device";
}

bool devset_unverified(const struct devset *s)
{
	const struct device_firmware *f;

	for (size_t i = 0; i < s->count; i++) {
		f = &s->devices[i].firmware;
		if (device_firmware_passed(f) &&
		    f->state != DEVICE_FIRMWARE_GOOD)
			return true;
	}
	return false;
}
