/*
 * dup.h - has a 16-byte block been seen among the last 4096?
 *
 * Catches a repeated USB packet or a replayed stream, which no other test sees
 * (reference matrix of faults, SP 800-90B 4.5).  Keeps keyed 64-bit hashes
 * (SipHash-2-4 under a random key), and of the bytes only a block's unfinished
 * rest.  False alarm 2^-52 a block.
 */
#ifndef COMMON_DUP_H
#define COMMON_DUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DUP_BLOCK 16
#define DUP_RING  4096

struct dup;

/* In secmem.  NULL and errno: secmem_alloc()'s, or EIO (getrandom(2)). */
struct dup *dup_new(void);
void dup_free(struct dup *d);  /* NULL is fine */
void dup_reset(struct dup *d); /* wipes: nothing has been seen */

/* What follows does not follow on: an unfinished block is none. */
void dup_break(struct dup *d);

/*
 * Looks at every whole block of data, carrying a rest over to the next call,
 * and remembers it.  Returns how many were seen before.
 */
unsigned int dup_feed(struct dup *d, const uint8_t *data, size_t len);

/* True if this block is remembered; it is not looked at otherwise. */
bool dup_knows(struct dup *d, const uint8_t block[DUP_BLOCK]);

#endif /* COMMON_DUP_H */
