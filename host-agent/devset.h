/*
 * devset.h - all sources of this host: OneRNGs, with the watcher that reports
 * them, and the kernel's hwrng where it is configured
 */
#ifndef HOST_AGENT_DEVSET_H
#define HOST_AGENT_DEVSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host-agent/device.h"

#define DEVSET_MAX 16 /* devices, departed ones included */

struct hostconf;
struct devset;

/* base, pool and conf must outlive it.  NULL and errno (secmem's). */
struct devset *devset_new(struct event_base *base, struct pool *pool,
			  void (*changed)(void *ctx), void *ctx);
void devset_free(struct devset *s); /* kills what runs; NULL is fine */

/*
 * What the process before left in run_dir of failures, and in state_dir of
 * baselines: before the first devset_configure().  devset_save(): failures that
 * could not be written there; 0, or -errno: they are only known here.
 */
void devset_load(struct devset *s, const char *run_dir, const char *state_dir,
		 uint64_t now_us);
int devset_save(struct devset *s);
/* What of baselines cannot be written, and why; "": nothing. */
const char *devset_lacks(const struct devset *s);

/*
 * Starts the watcher; with a configuration that was read again, goes on with
 * that one: devices it does not name are given back, those that could not be
 * opened or were refused are tried again.
 */
void devset_configure(struct devset *s, const struct hostconf *conf);

/* Asks every process to end.  devset_alive() says how many are left. */
void devset_stop(struct devset *s);
size_t devset_alive(const struct devset *s);

/*
 * Likewise, for an exec.  same: of this very program, which takes over readers
 * whose devices are known; these only pause, and do not count as alive
 * from then on.
 */
void devset_stop_for_heir(struct devset *s, bool same);

/*
 * After devset_stop(): kills what did not end and forgets the devices, but
 * for readers that are left to the next program, which adopt.h names to it;
 * and, without an exec, kills these and has all devices reported again.
 */
void devset_abandon(struct devset *s);
void devset_resume(struct devset *s);

/*
 * Once a second.  idle: the pool is full and nobody wants a block; after
 * idle_pause seconds of that the devices pause.
 */
void devset_tick(struct devset *s, uint64_t now_us, bool idle);
void devset_wake(struct devset *s);  /* blocks are needed again */
void devset_slept(struct devset *s); /* the machine did */

/* What other processes of the core's share with readers. */
const struct child_env *devset_child_env(const struct devset *s);

void devset_reaped(struct devset *s, pid_t pid, int status);

size_t devset_count(const struct devset *s);
const struct device *devset_device(const struct devset *s, size_t i);

/* By name (its label, if it has one) or port; "" is any. */
bool devset_is_named(const struct device *d, const char *name);
/* The OneRNG of that name or port: its index, or -ENOENT. */
int devset_find(const struct devset *s, const char *word);
/*
 * Lets go the one at that port, there or not: device_release(); again: for
 * somebody else.
 */
void devset_reserve(struct devset *s, const char *port, const char *by);
void devset_claim(struct devset *s, size_t i);
/* Any source by name or place: as device_forgive(). */
bool devset_forgive(struct devset *s, const char *word);
/* Any source that is there and ours, likewise: device_renew(). */
bool devset_renew(struct devset *s, const char *word);
/* Its reader is killed if it still has it. */
void devset_force(struct devset *s, size_t i);

/* The on-demand test of that device: as device_selftest(). */
int devset_selftest(struct devset *s, size_t i);

/*
 * What the devices make of the agent: "serving" (one runs or pauses),
 * "starting", "holding" (it fell silent or failed a test and starts again),
 * "failed", "no-device".
 */
const char *devset_state(const struct devset *s);

/* A device is used whose firmware was not verified. */
bool devset_unverified(const struct devset *s);

#endif /* HOST_AGENT_DEVSET_H */
