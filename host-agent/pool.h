/*
 * pool.h - conditioned blocks, each delivered at most once
 *
 * A first-in first-out of POOL_BLOCK-byte blocks in secmem.  Each has a serial
 * number that never repeats in the life of the process and the number of the
 * device that made it.  pool_take() wipes what it copies.
 */
#ifndef HOST_AGENT_POOL_H
#define HOST_AGENT_POOL_H

#include <stddef.h>
#include <stdint.h>

#define POOL_BLOCK   64
#define POOL_DEVICES 64 /* whose counts are kept, by number modulo this */

struct pool;

struct pool_stats {
	uint64_t blocks_put, blocks_taken;
	uint64_t blocks_refused; /* put while full: wiped, not stored */
	uint64_t blocks_wiped;	 /* by pool_wipe_device() */
};

/* Of one device.  blocks_put = taken + wiped + those in the pool now. */
struct pool_device_stats {
	uint64_t blocks_put, blocks_taken, blocks_wiped;
};

/*
 * capacity in blocks, 1..SECMEM_MAX / POOL_BLOCK.  NULL and errno (EINVAL;
 * secmem_alloc's).
 */
struct pool *pool_new(size_t capacity);
void pool_free(struct pool *p); /* wipes; NULL is fine */

/* Copies block in and wipes the caller's.  0, or -ENOSPC (wiped all the same).
 */
int pool_put(struct pool *p, uint8_t block[static POOL_BLOCK],
	     unsigned int device);

/*
 * Moves the oldest block to out.  0 with *serial (may be NULL), or -EAGAIN
 * when empty.  The caller owns out and wipes it.
 */
int pool_take(struct pool *p, uint8_t out[static POOL_BLOCK], uint64_t *serial);

/* Wipes what one device made; the other blocks keep their order. */
void pool_wipe_device(struct pool *p, unsigned int device);

/* Wipes all of it. */
void pool_wipe(struct pool *p);

size_t pool_blocks(const struct pool *p);
size_t pool_capacity(const struct pool *p);
void pool_stats(const struct pool *p, struct pool_stats *out);

/* A device that shares its place with a later one has counts no more. */
void pool_device_stats(const struct pool *p, unsigned int device,
		       struct pool_device_stats *out);

#endif /* HOST_AGENT_POOL_H */
