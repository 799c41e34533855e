/*
 * pool.c - a ring of conditioned blocks
 *
 * The blocks are in secmem; what is known about them (serial number, device)
 * is no secret and lies beside them.  Slots that hold no block are zero.
 */
#include "host-agent/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/secmem.h"

struct tag {
	uint64_t serial;
	unsigned int device;
};

struct made {
	unsigned int device;
	struct pool_device_stats stats;
};

struct pool {
	uint8_t (*blocks)[POOL_BLOCK]; /* secmem */
	struct tag *tags;
	size_t capacity, first, used;
	uint64_t next_serial;
	struct pool_stats stats;
	struct made made[POOL_DEVICES];
};

struct pool *pool_new(size_t capacity)
{
	struct pool *p;
	int err;

	if (capacity == 0 || capacity > SECMEM_MAX / POOL_BLOCK) {
		errno = EINVAL;
		return NULL;
	}
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->capacity = capacity;
	p->next_serial = 1;
	p->tags = calloc(capacity, sizeof(*p->tags));
	if (!p->tags)
		goto fail;
	p->blocks = secmem_alloc(capacity * POOL_BLOCK);
	if (!p->blocks)
		goto fail;
	return p;
fail:
	err = errno;
	pool_free(p);
	errno = err;
	return NULL;
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	secmem_free(p->blocks);
	free(p->tags);
	free(p);
}

/* The slot of the n-th oldest block. */
static size_t slot(const struct pool *p, size_t n)
{
	return (p->first + n) % p->capacity;
}

/* Where the blocks of a device are counted, from nothing if it is new there. */
static struct pool_device_stats *made_by(struct pool *p, unsigned int device)
{
	struct made *m = &p->made[device % POOL_DEVICES];

	if (m->device != device)
		*m = (struct made){ .device = device };
	return &m->stats;
}

int pool_put(struct pool *p, uint8_t block[static POOL_BLOCK],
	     unsigned int device)
{
	int ret = 0;

	if (p->used == p->capacity) {
		p->stats.blocks_refused++;
		ret = -ENOSPC;
	} else {
		size_t i = slot(p, p->used++);

		memcpy(p->blocks[i], block, POOL_BLOCK);
		p->tags[i].serial = p->next_serial++;
		p->tags[i].device = device;
		p->stats.blocks_put++;
		made_by(p, device)->blocks_put++;
	}
	explicit_bzero(block, POOL_BLOCK);
	return ret;
}

int pool_take(struct pool *p, uint8_t out[static POOL_BLOCK], uint64_t *serial)
{
	size_t i = p->first;

	if (p->used == 0)
		return -EAGAIN;
	memcpy(out, p->blocks[i], POOL_BLOCK);
	explicit_bzero(p->blocks[i], POOL_BLOCK);
	if (serial)
		*serial = p->tags[i].serial;
	p->first = slot(p, 1);
	p->used--;
	p->stats.blocks_taken++;
	made_by(p, p->tags[i].device)->blocks_taken++;
	return 0;
}

void pool_wipe_device(struct pool *p, unsigned int device)
{
	size_t kept = 0;

	for (size_t n = 0; n < p->used; n++) {
		size_t from = slot(p, n), to = slot(p, kept);

		if (p->tags[from].device == device) {
			explicit_bzero(p->blocks[from], POOL_BLOCK);
			continue;
		}
		kept++;
		if (from == to)
			continue;
		memcpy(p->blocks[to], p->blocks[from], POOL_BLOCK);
		explicit_bzero(p->blocks[from], POOL_BLOCK);
		p->tags[to] = p->tags[from];
	}
	p->stats.blocks_wiped += p->used - kept;
	if (p->used > kept)
		made_by(p, device)->blocks_wiped += p->used - kept;
	p->used = kept;
}

void pool_wipe(struct pool *p)
{
	explicit_bzero(p->blocks, p->capacity * POOL_BLOCK);
	for (size_t n = 0; n < p->used; n++)
		made_by(p, p->tags[slot(p, n)].device)->blocks_wiped++;
	p->stats.blocks_wiped += p->used;
	p->used = 0;
}

size_t pool_blocks(const struct pool *p)
{
	return p->used;
}

size_t pool_capacity(const struct pool *p)
{
	return p->capacity;
}

void pool_stats(const struct pool *p, struct pool_stats *out)
{
	*out = p->stats;
}

void pool_device_stats(const struct pool *p, unsigned int device,
		       struct pool_device_stats *out)
{
	const struct made *m = &p->made[device % POOL_DEVICES];

	memset(out, 0, sizeof(*out));
	if (m->device == device)
		*out = m->stats;
}
