/*
 * sched.h - who gets the next block
 *
 * Weighted deficit round robin over the consumers that want one, a token bucket
 * each, and a boot reserve that goes ahead of everything.  A consumer that has
 * had nothing for a round goes ahead of those that flood.  Time is an argument
 * (monotonic microseconds); no I/O, no entropy.  One call hands out one block.
 */
#ifndef HOST_AGENT_SCHED_H
#define HOST_AGENT_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCHED_BLOCK	   64u
#define SCHED_WEIGHT_MAX   1000u
#define SCHED_BOOT_RESERVE 1024u /* bytes after a domain's start */

struct sched;
struct sched_entry;

struct sched_limits {
	uint64_t rate_bytes;  /* a second; 0: no limit */
	uint64_t burst_bytes; /* bucket; 0: one second's worth; >= a block */
	unsigned int weight;  /* 1..SCHED_WEIGHT_MAX */
};

struct sched *sched_new(void);	  /* NULL and errno */
void sched_free(struct sched *s); /* with no entry left; NULL is fine */

/*
 * owner (not NULL) comes back from sched_next().  The bucket starts full.
 * NULL and errno (EINVAL: weight; ENOMEM).
 */
struct sched_entry *sched_add(struct sched *s, const struct sched_limits *lim,
			      void *owner, uint64_t now_us);
void sched_remove(struct sched *s, struct sched_entry *e); /* NULL is fine */
void sched_set_limits(struct sched_entry *e, const struct sched_limits *lim,
		      uint64_t now_us);

/*
 * e is charged to the other's bucket from here on: for one owner in two
 * schedulers.  The other must outlive e; limits are set on both.
 */
void sched_share_bucket(struct sched_entry *e, struct sched_entry *with);

/* Whether e could take a block now. O(1); the same value again is no change. */
void sched_want(struct sched *s, struct sched_entry *e, bool want);

/*
 * The next bytes (rounded up to blocks) of e go ahead of everybody's; those of
 * several consumers first come, first served.  They are charged like others
 * but may overdraw the bucket by SCHED_BOOT_RESERVE: a domain that starts over
 * and over gets that much more than its rate and burst, once.  Replaces what
 * is left of an earlier reserve; 0 ends it.
 */
void sched_boot(struct sched *s, struct sched_entry *e, uint64_t bytes);

/*
 * The owner that gets the next block, charged for it; NULL when nobody wants
 * one or all that do are over their rate.  An owner that cannot take it after
 * all has lost it (the block is discarded by the caller).
 */
void *sched_next(struct sched *s, uint64_t now_us);

/*
 * Another block for the one that sched_next() just dealt one to, in the same
 * turn and charged likewise; false: it is over its rate.  A caller that asks
 * up to N times makes a turn `weight` times 1 + N blocks, for those who have so
 * much open.
 */
bool sched_again(struct sched_entry *e, uint64_t now_us);

/*
 * Microseconds until the first throttled consumer may have a block; -1: nobody
 * waits.  Meant for after sched_next() has returned NULL: only sched_next()
 * finds out who is over its rate.
 */
int64_t sched_wait_us(struct sched *s, uint64_t now_us);

/* Passed over for its rate while wanting a block: how often, and is it now? */
uint64_t sched_throttled(const struct sched_entry *e);
bool sched_is_throttled(const struct sched_entry *e);

#endif /* HOST_AGENT_SCHED_H */
