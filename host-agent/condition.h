/*
 * condition.h - the conditioning component: SHA-512 over raw samples
 *
 * One fresh hash per output: SHA-512(prefix || samples), with as many samples
 * as hold 512 + 64 bits of assessed min-entropy (SP 800-90C 3.2.2.2: output
 * has full entropy under the stated H, for a vetted function; SP 800-90B
 * 3.1.5.1.1).  H is configured, never raised by live estimates.
 */
#ifndef HOST_AGENT_CONDITION_H
#define HOST_AGENT_CONDITION_H

#include <stddef.h>
#include <stdint.h>

#define CONDITION_OUT	   64  /* bytes: n_out = 512 bits */
#define CONDITION_H_IN_MIN 576 /* bits of assessed min-entropy per output */

struct condition;

/*
 * h_millibits: assessed min-entropy per sample (byte), 500..8000.
 * NULL and errno (EINVAL; ENOMEM, EPERM from secmem; EIO: libcrypto).
 */
struct condition *condition_new(unsigned int h_millibits);
void condition_free(struct condition *c); /* wipes; NULL is fine */

/* Forgets the samples collected so far. */
void condition_reset(struct condition *c);

/* Samples per output: ceil(576 * 1000 / h_millibits). */
size_t condition_in_bytes(const struct condition *c);

/*
 * Takes samples from *raw, which moves on.  1 when out was filled (the caller
 * wipes it), 0 when all was used without completing a block, -EIO (libcrypto
 * failed: the samples of the block are gone, out is wiped).
 */
int condition_feed(struct condition *c, const uint8_t **raw, size_t *len,
		   uint8_t out[static CONDITION_OUT]);

/* SHA-512("abc") and one whole block.  0 or -EIO: do not start. */
int condition_selftest(void);

#endif /* HOST_AGENT_CONDITION_H */
