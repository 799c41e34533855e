#include "host-agent/core_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <systemd/sd-daemon.h>

#include "common/log.h"
#include "common/secmem.h"
#include "host-agent/capture.h"
#include "host-agent/containers.h"
#include "host-agent/control.h"
#include "host-agent/devset.h"
#include "host-agent/domains.h"
#include "host-agent/domwatch.h"
#include "host-agent/egd_conn.h"
#include "host-agent/egd_pub.h"
#include "host-agent/handover.h"
#include "host-agent/hostconf_files.h"
#include "host-agent/letgo.h"
#include "host-agent/lockdown.h"
#include "host-agent/pool.h"
#include "host-agent/restart.h"
#include "host-agent/roster.h"
#include "host-agent/sched.h"
#include "host-agent/selftest.h"
#include "host-agent/status_firmware.h"
#include "host-agent/tty_keeper.h"

#define CORE_LOCK_SPARE (512 * 1024) /* bytes: a few devices and DRBGs */
#define CORE_SLEPT_MS	1000	     /* a shorter sleep is not noticed */

static void core_tell_state(struct core *c)
{
	const char *state = devset_state(c->devices);
	bool unverified = devset_unverified(c->devices);
	bool same = c->state && !strcmp(c->state, state);

	if (same && c->unverified == unverified)
		return;
	if (!same)
		log_info("state: %s", state);
	sd_notifyf(0, "STATUS=%s%s: %zu domains", state,
		   unverified ? ", firmware UNVERIFIED" : "",
		   c->conf->domains_count);
	c->state = state;
	c->unverified = unverified;
	containers_set_state(c->containers, state);
}

static void core_note_absence(struct core *c)
{
	if (c->stopping)
		return;
	egd_pub_set_absent(c->pub, service_is_absent(&c->absence,
						     devset_state(c->devices),
						     egd_conn_now_us()));
}

static void core_device_changed(void *ctx)
{
	struct core *c = ctx;

	core_note_absence(c);
	egd_pub_serve(c->pub);
	core_tell_state(c);
	/* the last reader pauses: the timeout is over, from the loop */
	if (c->restarting && !devset_alive(c->devices))
		event_active(&c->stop_ev, EV_TIMEOUT, 0);
}

static void core_served(void *ctx)
{
	struct core *c = ctx;

	if (pool_blocks(c->pool) < pool_capacity(c->pool) / 4 * 3)
		devset_wake(c->devices);
}

/* How long the machine has slept since it was started. */
static int64_t core_slept_ms(void)
{
	struct timespec up, awake;

	clock_gettime(CLOCK_MONOTONIC, &awake);
	clock_gettime(CLOCK_BOOTTIME, &up);
	return (int64_t)(up.tv_sec - awake.tv_sec) * 1000 +
	       (up.tv_nsec - awake.tv_nsec) / 1000000;
}

static void core_note_sleep(struct core *c)
{
	int64_t slept_ms = core_slept_ms();

	if (slept_ms - c->slept_ms >= CORE_SLEPT_MS)
		devset_slept(c->devices);
	c->slept_ms = slept_ms;
}

static void core_tick(evutil_socket_t fd, short what, void *arg)
{
	struct core *c = arg;
	struct egd_pub_stats st;
	bool full = pool_blocks(c->pool) == pool_capacity(c->pool);

	(void)fd;
	(void)what;
	core_note_sleep(c);
	egd_pub_stats(c->pub, &st);
	devset_tick(c->devices, egd_conn_now_us(),
		    full && !st.wanting && !capture_is_active(c->capture));
	core_note_absence(c);
	egd_pub_tick(c->pub);
	domains_tick(c->domains, egd_conn_now_us());
	containers_tick(c->containers);
	core_listen_tick(c);
	handover_tick(c->handover);
	sd_notify(0, "WATCHDOG=1");
}

static void core_on_usr1(evutil_socket_t fd, short what, void *arg)
{
	struct core *c = arg;

	(void)fd;
	(void)what;
	status_log_statistics(&c->status);
}

static void core_say_unchanged(const struct core *c, const struct hostconf *new)
{
	const struct hostconf *old = c->conf;

	if (strcmp(c->run_dir, new->run_dir) ||
	    strcmp(c->state_dir, new->state_dir) ||
	    old->pool_bytes != new->pool_bytes ||
	    old->socket_gid != new->socket_gid ||
	    old->control_gid != new->control_gid ||
	    old->sandbox != new->sandbox)
		log_warn("%s: run_dir, state_dir, pool, socket_group, "
			 "control_group and sandbox change at a restart only",
			 c->path);
}

static void core_use(struct core *c, struct hostconf *new)
{
	struct hostconf *old = c->conf;

	c->conf = new;
	c->status.conf = new;
	/* nobody gets out of a filter */
	new->sandbox = c->status.sandbox;
	if (c->log_level >= 0)
		new->log_level = (enum log_level)c->log_level;
	log_set_level(new->log_level);
	roster_raise_limit(new);
	c->status.h_byte_millibits = new->h_byte_millibits;
	c->status.h_bit_millibits = new->h_bit_millibits;
	devset_configure(c->devices, new);
	domains_configure(c->domains, new);
	if (old != new)
		hostconf_free(old);
}

static void core_take(struct core *c, struct hostconf *new)
{
	size_t i;

	for (i = 0; i < new->faults_count; i++)
		log_err("reload: %s: %s", new->faults[i].why,
			hostconf_fault_effect(&new->faults[i]));
	core_say_unchanged(c, new);
	core_use(c, new);
	roster_apply(c->pub, new, c->run_dir);
	containers_apply(c->containers, new);
	log_info("reload: %zu domains, %zu containers", new->domains_count,
		 new->containers_count);
}

/* A configuration that cannot be used changes nothing. */
static void core_on_hup(evutil_socket_t fd, short what, void *arg)
{
	struct core *c = arg;
	char *refused = c->status.reload_refused;
	struct hostconf *new;

	(void)fd;
	(void)what;
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		   egd_conn_now_us());
	c->status.reloads++;
	if (hostconf_load_again(c->path, c->conf, &new, refused, INI_WHY_MAX) <
	    0) {
		log_err("reload: %s: the old configuration stays", refused);
	} else {
		*refused = '\0';
		core_take(c, new);
	}
	c->state = NULL;
	core_tell_state(c);
	sd_notify(0, "READY=1");
}

static int core_add_events(struct core *c)
{
	static const struct {
		int number;
		event_callback_fn fn;
	} on[CORE_SIGNALS] = {
		[CORE_TERM] = { SIGTERM, core_on_term },
		[CORE_INT] = { SIGINT, core_on_term },
		[CORE_HUP] = { SIGHUP, core_on_hup },
		[CORE_USR1] = { SIGUSR1, core_on_usr1 },
		[CORE_USR2] = { SIGUSR2, core_on_usr2 },
		[CORE_CHLD] = { SIGCHLD, core_on_child },
	};
	struct timeval second = { .tv_sec = 1 };
	int i;

	for (i = 0; i < CORE_SIGNALS; i++) {
		event_assign(&c->signals[i], c->base, on[i].number,
			     EV_SIGNAL | EV_PERSIST, on[i].fn, c);
		if (event_add(&c->signals[i], NULL) < 0)
			return -EIO;
	}
	restart_listens();
	event_assign(&c->tick_ev, c->base, -1, EV_PERSIST, core_tick, c);
	event_assign(&c->stop_ev, c->base, -1, 0, core_on_stop_timeout, c);
	return event_add(&c->tick_ev, &second) < 0 ? -EIO : 0;
}

static int core_no_memory(size_t bytes)
{
	if (errno == EPERM)
		log_err("cannot lock %zu bytes of memory: raise LimitMEMLOCK= "
			"(ulimit -l) or lower pool",
			bytes);
	else
		log_err("cannot start: %s", strerror(errno));
	return -EIO;
}

static void core_letgo_changed(void *ctx)
{
	struct core *c = ctx;

	domains_save(c->domains);
	core_device_changed(c);
}

static int core_make_domains(struct core *c)
{
	c->letgo = letgo_new(c->base, c->devices, core_letgo_changed, c);
	if (!c->letgo)
		return -ENOMEM;
	c->domains = domains_new(c->pub, c->letgo, c->run_dir);
	if (!c->domains)
		return -ENOMEM;
	domains_configure(c->domains, c->conf);
	c->domwatch = domwatch_new(c->base, c->domains, c->run_dir);
	c->keeper = tty_keeper_new(c->base, devset_child_env(c->devices));
	if (!c->keeper)
		return -ENOMEM;
	c->containers = containers_new(c->base, c->pub, c->letgo, c->keeper,
				       c->handover, c->run_dir);
	return c->domwatch && c->containers ? 0 : -ENOMEM;
}

static int core_make_stages(struct core *c)
{
	c->base = event_base_new();
	c->sched = sched_new();
	if (!c->base || !c->sched)
		return core_no_memory(0);
	c->pool = pool_new(c->conf->pool_bytes / POOL_BLOCK);
	if (!c->pool)
		return core_no_memory(c->conf->pool_bytes);
	c->devices = devset_new(c->base, c->pool, core_device_changed, c);
	if (!c->devices)
		return core_no_memory(sizeof(struct rawmsg));
	c->pub = egd_pub_new(c->base, c->sched, c->pool, core_served, c);
	if (!c->pub)
		return core_no_memory(POOL_BLOCK);
	egd_pub_set_handover(c->pub, c->handover);
	if (core_make_domains(c) < 0)
		return core_no_memory(0);
	c->capture = capture_new(c->base, c->devices);
	c->selftest = selftest_new(c->base, &c->status);
	if (!c->capture || !c->selftest)
		return core_no_memory(0);
	return 0;
}

struct core *core_new(struct hostconf *conf, const char *path, int log_level)
{
	struct core *c = calloc(1, sizeof(*c));

	if (!c) {
		hostconf_free(conf);
		return NULL;
	}
	c->path = path;
	c->log_level = log_level;
	c->slept_ms = core_slept_ms();
	c->conf = conf;
	c->rundir.lock_fd = -1;
	memcpy(c->run_dir, conf->run_dir, sizeof(c->run_dir));
	memcpy(c->state_dir, conf->state_dir, sizeof(c->state_dir));
	signal(SIGPIPE, SIG_IGN);
	c->handover = handover_new();
	if (!c->handover) {
		log_err("cannot start: hand-over: %s", strerror(errno));
		core_free(c);
		return NULL;
	}
	roster_raise_limit(conf);
	if (core_make_stages(c) < 0 || core_listen(c) < 0 ||
	    core_add_events(c) < 0) {
		core_free(c);
		return NULL;
	}
	c->status.devices = c->devices;
	c->status.pool = c->pool;
	c->status.pub = c->pub;
	c->status.containers = c->containers;
	c->status.hook = c->hook;
	c->status.rundir = &c->rundir;
	c->change.pub = c->pub;
	c->change.containers = c->containers;
	c->status.domwatch = c->domwatch;
	c->status.sandbox = conf->sandbox;
	c->status.started_us = egd_conn_now_us();
	control_set_answer(c->control, status_answer, &c->status);
	control_add_command(c->control, "consumer-set", change_consumer,
			    &c->change);
	control_add_command(c->control, "firmware-dump", status_firmware_dump,
			    &c->status);
	control_add_stream(c->control, "selftest", selftest_answer,
			   c->selftest);
	control_add_stream(c->control, "device-release", letgo_release,
			   c->letgo);
	control_add_command(c->control, "device-claim", letgo_claim, c->letgo);
	control_add_stream(c->control, "capture", capture_start, c->capture);
	return c;
}

void core_set_restart(struct core *c, const struct restart *r)
{
	c->restart = r;
}

/* CAP_IPC_LOCK is gone now, and devices and DRBGs come later. */
static int core_can_lock(void)
{
	void *probe = secmem_alloc(CORE_LOCK_SPARE);

	if (!probe) {
		log_err("no more memory can be locked, for devices and DRBGs "
			"to come: raise LimitMEMLOCK= (ulimit -l) or lower "
			"pool");
		return -EPERM;
	}
	secmem_free(probe);
	return 0;
}

int core_lock_down(struct core *c)
{
	const gid_t groups[] = { c->conf->socket_gid, c->conf->control_gid };
	int r = lockdown_core(&c->status.sandbox, groups,
			      sizeof(groups) / sizeof(groups[0]));

	if (r == 0)
		r = core_can_lock();
	c->status.locked_down = r == 0 && c->status.sandbox != SANDBOX_OFF;
	return r;
}

int core_run(struct core *c)
{
	/* what the last process killed as it handed over has ended by now */
	core_on_child(-1, 0, c);
	core_use(c, c->conf);
	core_tell_state(c);
	sd_notify(0, "READY=1");
	return event_base_dispatch(c->base) < 0 ? -EIO : 0;
}

void core_free(struct core *c)
{
	bool kept;

	if (!c)
		return;
	kept = egd_pub_leave(c->pub);
	control_free(c->control);
	control_free(c->hook);
	domwatch_free(c->domwatch);
	containers_free(c->containers, kept);
	tty_keeper_free(c->keeper);
	domains_free(c->domains);
	letgo_free(c->letgo);
	capture_free(c->capture);
	selftest_free(c->selftest);
	egd_pub_free(c->pub);
	devset_free(c->devices);
	handover_free(c->handover);
	rundir_close(&c->rundir);
	pool_free(c->pool);
	sched_free(c->sched);
	if (c->base)
		event_base_free(c->base);
	hostconf_free(c->conf);
	free(c);
}
