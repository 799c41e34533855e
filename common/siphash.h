/*
 * siphash.h - SipHash-2-4 of a 16-byte block (Aumasson and Bernstein, 2012)
 *
 * A keyed hash for tables that hold what outsiders choose.  Pure, libc only.
 */
#ifndef COMMON_SIPHASH_H
#define COMMON_SIPHASH_H

#include <stdint.h>

#define SIPHASH_BLOCK 16

/* key: the two halves of the 128-bit key, read as little-endian. */
uint64_t siphash_block(const uint64_t key[static 2],
		       const uint8_t block[static SIPHASH_BLOCK]);

#endif /* COMMON_SIPHASH_H */
