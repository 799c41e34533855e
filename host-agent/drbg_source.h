/*
 * drbg_source.h - hands libcrypto's DRBGs the seed that we chose
 *
 * libcrypto's DRBGs pull their seed from a parent.  This parent is an EVP_RAND
 * of a provider inside this program: it has what drbg_source_offer() lends it,
 * once, and nothing else, so that a DRBG can never seed itself by another way.
 * (TEST-RAND could do it too, but leaves seeds behind in freed memory.)
 */
#ifndef HOST_AGENT_DRBG_SOURCE_H
#define HOST_AGENT_DRBG_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

/*
 * A library context with this provider and libcrypto's default one; shared,
 * counted.  NULL when libcrypto fails.
 */
OSSL_LIB_CTX *drbg_source_get_library(void);
void drbg_source_put_library(void);

/* In that library context; NULL when libcrypto fails. */
EVP_RAND_CTX *drbg_source_new(OSSL_LIB_CTX *ctx);

/*
 * The next pull gets these bytes, the one behind it nothing; NULL takes an
 * offer back.  seed stays the caller's and is wiped once used.  0 or -EIO.
 */
int drbg_source_offer(EVP_RAND_CTX *source, uint8_t *seed, size_t len);

#endif /* HOST_AGENT_DRBG_SOURCE_H */
