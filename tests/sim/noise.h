/*
 * noise.h - a seeded noise source with adjustable defects
 *
 * Stands for the raw samples of the avalanche diodes (after the firmware's
 * XOR of two sample groups).  The same seed and specification give the same
 * bytes.  Not for cryptography.
 */
#ifndef TESTS_SIM_NOISE_H
#define TESTS_SIM_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOISE_SPEC_MAX	 4200  /* characters of a specification */
#define NOISE_PERIOD_MAX 65536 /* bits */

/*
 * A small generator for everything that must be repeatable: xoshiro256**,
 * seeded through SplitMix64.
 */
struct noise_prng {
	uint64_t s[4];
};
void noise_prng_seed(struct noise_prng *g, uint64_t seed);
uint64_t noise_prng_next(struct noise_prng *g);

struct noise;

/* An ideal source.  NULL and errno. */
struct noise *noise_new(uint64_t seed);
void noise_free(struct noise *n); /* NULL is fine */

/*
 * Changes what the source does from its next byte on:
 *   ideal        independent unbiased bits
 *   bias=P       independent bits, P(1) = P
 *   same=P       a bit equals the one before it with probability P
 *   drift=P      bias that moves from 0.5 to P over the next 1048576 bytes
 *   period=N     a random pattern of N bits, 1..65536, repeated
 *   stuck=BYTE   one byte for ever (decimal or 0x..)
 *   file=PATH    the file's bytes, again and again
 *   once=PATH    the file's bytes, then nothing more
 * 0, or a negative errno with *why set to static text; nothing changed then.
 */
int noise_set(struct noise *n, const char *spec, const char **why);

/* The specification in force, as it was given. */
const char *noise_spec(const struct noise *n);

/* True once it makes no more bytes. */
bool noise_ended(const struct noise *n);

/* The next raw byte, most significant bit first. */
uint8_t noise_next(struct noise *n);

#endif /* TESTS_SIM_NOISE_H */
