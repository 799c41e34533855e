/*
 * drbg.h - a consumer's own DRBG: CTR_DRBG, AES-256, with derivation function
 * (SP 800-90A 10.2.1), by libcrypto
 *
 * Personalised with the consumer's id, seeded and reseeded from conditioned
 * blocks that are taken for it alone.  Past its limits, or before its first
 * seed, it gives nothing.  Output made ahead waits in secmem and is wiped as
 * it is handed out; a seed wipes all of it.  Time is an argument.
 */
#ifndef HOST_AGENT_DRBG_H
#define HOST_AGENT_DRBG_H

#include <stddef.h>
#include <stdint.h>

/*
 * SP 800-90A asks for 3/2 of 256 bits to instantiate (entropy input and nonce
 * in one, 8.6.7 and 9.1) and 256 to reseed; a block has 512 under the H that
 * is configured.
 */
#define DRBG_SEED 64 /* bytes: one conditioned block */

#define DRBG_PERSONAL_MAX 128 /* bytes */

/* Since the last seed: from here on the DRBG would like another one. */
#define DRBG_WISH_BYTES (1u << 14) /* 2^17 bits, as SP 800-90C for an RBG2 */
#define DRBG_WISH_US	(60 * 1000000ull)

/* Half of what follows: seeding it goes before serving others. */
#define DRBG_NEED_BYTES (DRBG_LIMIT_BYTES / 2)
#define DRBG_NEED_US	(DRBG_LIMIT_US / 2)

/*
 * And from here on it gives nothing.  Far below SP 800-90A table 3 (2^48
 * requests of 2^19 bits): they bound how long a state that was stolen, or a
 * source that failed unseen, can matter.
 */
#define DRBG_LIMIT_BYTES (16u << 20)
#define DRBG_LIMIT_US	 (600 * 1000000ull)

enum drbg_want {
	DRBG_CONTENT,
	DRBG_WISHES, /* when the pool has plenty */
	DRBG_NEEDS,  /* ahead of everything; it may be refusing already */
};

struct drbg;

/*
 * Unseeded.  personal: 1..DRBG_PERSONAL_MAX bytes, no other consumer's.
 * NULL and errno (EINVAL; EIO: libcrypto; ENOMEM, EPERM: secmem's).
 */
struct drbg *drbg_new(const void *personal, size_t len);
void drbg_free(struct drbg *d); /* wipes; NULL is fine */

enum drbg_want drbg_wants_seed(const struct drbg *d, uint64_t now_us);

/*
 * Instantiates, or reseeds.  block is wiped, whatever becomes of it.
 * 0; -EIO: libcrypto failed, d is unseeded now.
 */
int drbg_seed(struct drbg *d, uint8_t block[static DRBG_SEED], uint64_t now_us);

/*
 * All of len bytes (at most DRBG_LIMIT_BYTES in one call), or none and out
 * wiped: -EAGAIN (a seed is needed first), -EIO (libcrypto; unseeded now).
 */
int drbg_generate(struct drbg *d, uint8_t *out, size_t len, uint64_t now_us);

/* Known answers of NIST's CAVP.  0 or -EIO. */
int drbg_selftest(void);

#endif /* HOST_AGENT_DRBG_H */
