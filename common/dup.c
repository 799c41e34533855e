/*
 * dup.c - the last 4096 blocks as keyed hashes: a ring, and chains to find one
 *
 * Each ring slot holds the hash of one block; slots whose hashes fall into the
 * same bucket are chained, newest first.  A block seen again takes its older
 * slot out of the chain, so a chain never holds a hash twice and stays short
 * even when the source repeats a single block for ever.
 */
#include "common/dup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/secmem.h"
#include "common/siphash.h"

_Static_assert(DUP_BLOCK == SIPHASH_BLOCK, "one hash takes one block");

#define BUCKETS 8192
#define END	UINT16_MAX /* of a chain */

struct dup {
	uint64_t key[2];
	uint64_t hash[DUP_RING];
	uint16_t next[DUP_RING];
	uint16_t head[BUCKETS];
	uint16_t oldest; /* the slot to be used next */
	uint16_t filled;
	uint8_t rest[DUP_BLOCK];
	size_t have;
};

/*
 * Never waits for the kernel's RNG to be ready: the guest agent looks for
 * duplicates in the very bytes that make it so.  A key drawn earlier is weaker
 * against a peer that forges collisions, which here only raises alarms.
 */
static int draw_key(void *key, size_t size)
{
	ssize_t got = getrandom(key, size, GRND_INSECURE);
	int fd;

	if (got == (ssize_t)size)
		return 0;
	/* Before Linux 5.6.  Later ones may spend a second in this read. */
	fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	got = read(fd, key, size);
	close(fd);
	return got == (ssize_t)size ? 0 : -1;
}

struct dup *dup_new(void)
{
	struct dup *d = secmem_alloc(sizeof(*d));

	if (!d)
		return NULL;
	if (draw_key(d->key, sizeof(d->key))) {
		dup_free(d);
		errno = EIO;
		return NULL;
	}
	dup_reset(d);
	return d;
}

void dup_free(struct dup *d)
{
	secmem_free(d);
}

void dup_reset(struct dup *d)
{
	memset(d->head, 0xff, sizeof(d->head));
	explicit_bzero(d->hash, sizeof(d->hash));
	d->oldest = 0;
	d->filled = 0;
	dup_break(d);
}

void dup_break(struct dup *d)
{
	explicit_bzero(d->rest, sizeof(d->rest));
	d->have = 0;
}

static uint16_t *chain_of(struct dup *d, uint64_t hash)
{
	return &d->head[hash % BUCKETS];
}

/* What leads to the slot that holds hash; END if none does. */
static uint16_t *link_to(struct dup *d, uint64_t hash)
{
	uint16_t *link = chain_of(d, hash);

	while (*link != END && d->hash[*link] != hash)
		link = &d->next[*link];
	return link;
}

/* Takes out the slot that holds hash; 1 if there was one. */
static int unlink_hash(struct dup *d, uint64_t hash)
{
	uint16_t *link = link_to(d, hash);

	if (*link == END)
		return 0;
	*link = d->next[*link];
	return 1;
}

/* The slot may be out already, if its block was seen again since. */
static void unlink_slot(struct dup *d, uint16_t slot)
{
	uint16_t *link = chain_of(d, d->hash[slot]);

	while (*link != END && *link != slot)
		link = &d->next[*link];
	if (*link == slot)
		*link = d->next[slot];
}

static unsigned int see_block(struct dup *d, const uint8_t *block)
{
	uint64_t hash = siphash_block(d->key, block);
	unsigned int seen = (unsigned int)unlink_hash(d, hash);
	uint16_t slot = d->oldest, *chain = chain_of(d, hash);

	if (d->filled == DUP_RING)
		unlink_slot(d, slot);
	else
		d->filled++;
	d->hash[slot] = hash;
	d->next[slot] = *chain;
	*chain = slot;
	d->oldest = (uint16_t)((slot + 1) % DUP_RING);
	return seen;
}

bool dup_knows(struct dup *d, const uint8_t block[DUP_BLOCK])
{
	return *link_to(d, siphash_block(d->key, block)) != END;
}

unsigned int dup_feed(struct dup *d, const uint8_t *data, size_t len)
{
	unsigned int seen = 0;

	while (len > 0) {
		size_t n = DUP_BLOCK - d->have;

		if (n > len)
			n = len;
		memcpy(d->rest + d->have, data, n);
		d->have += n;
		data += n;
		len -= n;
		if (d->have == DUP_BLOCK) {
			seen += see_block(d, d->rest);
			d->have = 0;
		}
	}
	if (d->have == 0)
		explicit_bzero(d->rest, sizeof(d->rest));
	return seen;
}
