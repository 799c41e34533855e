/*
 * service.h - what a consumer is served with: its class, and what it gets
 * while no device serves
 *
 *              device serves       absent: hold   kernel          refuse
 *   raw        blocks of the pool  the pool's     ... then the    closed
 *                                  rest           kernel's bytes
 *   drbg       its own DRBG,       nothing        the kernel's    closed
 *              seeded by blocks                   bytes
 *   seed       64 bytes for each   the pool's     as hold         closed
 *              process             rest
 *
 * Decides and counts; sends nothing.  The DRBG lives while a peer is connected
 * and is wiped behind it, so that no state goes from one peer to the next.
 */
#ifndef HOST_AGENT_SERVICE_H
#define HOST_AGENT_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERVICE_SEED_BYTES 64	   /* what class seed gives a process */
#define SERVICE_GRACE_US   2000000 /* a device may take to start or restart */

enum service_class {
	SERVICE_RAW,
	SERVICE_DRBG,
	SERVICE_SEED,
};

enum service_absent {
	SERVICE_HOLD,
	SERVICE_KERNEL,
	SERVICE_REFUSE,
};

struct service_policy {
	enum service_class class;
	enum service_absent when_absent;
};

/* Where the next bytes come from. */
enum service_supply {
	SUPPLY_NONE, /* they wait */
	SUPPLY_POOL,
	SUPPLY_DRBG,
	SUPPLY_KERNEL, /* getrandom(2) */
};

struct drbg;

struct service {
	struct service_policy policy;
	struct drbg *drbg; /* while a peer of class drbg is connected */
	bool seeded;	   /* the DRBG gives bytes */
	bool stalled;	   /* its supply failed: until service_tick() */
	uint64_t seeds, reseeds, since_seed_bytes;
	uint64_t kernel_bytes;
	uint64_t process_bytes; /* delivered to the present process */
};

/* What all consumers see alike. */
struct service_view {
	bool absent; /* no device serves */
	bool dry;    /* ... and the pool's rest is used up */
	bool plenty; /* half of the pool is full */
	uint64_t now_us;
};

/* The names of configuration and status; parsing: the value or -EINVAL. */
const char *service_class_name(enum service_class class);
const char *service_absent_name(enum service_absent policy);
int service_class_parse(const char *name);
int service_absent_parse(const char *name);
const char *service_supply_name(enum service_supply supply);

/*
 * A peer connected.  id says whose DRBG it is: no other peer's, at most
 * DRBG_PERSONAL_MAX bytes.  0 or -errno (drbg_new()'s).
 */
int service_open(struct service *s, const char *id);
void service_close(struct service *s); /* wipes */

/* The same while a peer is connected; a failure leaves the old policy. */
int service_change(struct service *s, const struct service_policy *policy,
		   const char *id);

/* Another process than before is connected: to class seed, a boot. */
void service_boot(struct service *s);

enum service_supply service_supply(const struct service *s,
				   const struct service_view *v);

/*
 * Does it want a block of the pool, to pass on or as a seed; could it be given
 * what is made as it is given?  demand: its peer would take bytes.
 */
bool service_wants_pool(const struct service *s, const struct service_view *v,
			bool demand);
bool service_wants_made(const struct service *s, const struct service_view *v,
			bool demand);

/* Is a block of the pool bound to it a seed, or its peer's? */
bool service_takes_seed(const struct service *s);

/* block (64 bytes) is wiped.  0 or -EIO: stalled now. */
int service_seed(struct service *s, uint8_t *block, uint64_t now_us);

/* len bytes by DRBG or kernel, or nothing: -EAGAIN or -EIO. */
int service_make(struct service *s, enum service_supply supply, uint8_t *out,
		 size_t len, uint64_t now_us);

/* How much of n bytes the class still allows. */
size_t service_allows(const struct service *s, uint64_t n);

/* n bytes of this supply reached the peer. */
void service_account(struct service *s, enum service_supply supply, size_t n);

/* Once a second: what stalled may try again. */
void service_tick(struct service *s);

/*
 * Whether devices are absent, from the agent's state, told at every change and
 * once a second.  A device that starts, and all of them after the agent
 * started, have SERVICE_GRACE_US before that is called absence.
 */
struct service_absence {
	bool absent, served;
	uint64_t since_us; /* no device serves; 0: one does */
};

bool service_is_absent(struct service_absence *a, const char *state,
		       uint64_t now_us);

#endif /* HOST_AGENT_SERVICE_H */
