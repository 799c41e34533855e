/*
 * drbg.c - CTR_DRBG by libcrypto, one per consumer
 *
 * Requests are small (64 bytes) and a call of libcrypto's generator costs as
 * much as a few hundred bytes of output, so output is made BATCH bytes at a
 * time.  libcrypto's own reseeding is switched off: it would count calls and
 * read the clock; the limits here count bytes and are told the time.
 *
 * libcrypto keeps K, V and AES's key schedule in its heap, which is wiped when
 * freed but not locked; all else is in the one page that struct drbg takes.
 */
#include "host-agent/drbg.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "common/secmem.h"
#include "host-agent/drbg_source.h"

#define STRENGTH 256  /* bits */
#define BATCH	 3072 /* bytes: struct drbg fits in a page */
#define DIRECT	 1024 /* bytes; requests from here on bypass the batch */

struct drbg {
	EVP_RAND_CTX *rand, *source;
	bool library; /* is held */
	bool seeded;
	uint64_t made; /* bytes since the seed */
	uint64_t seeded_us;
	size_t personal_len;
	size_t have; /* in batch, from its start */
	uint8_t personal[DRBG_PERSONAL_MAX];
	uint8_t batch[BATCH];
};

_Static_assert(sizeof(struct drbg) <= 4096, "one page of locked memory each");

static EVP_RAND_CTX *rand_new(OSSL_LIB_CTX *library, EVP_RAND_CTX *source)
{
	EVP_RAND *rand = EVP_RAND_fetch(library, "CTR-DRBG", NULL);
	EVP_RAND_CTX *ctx = rand ? EVP_RAND_CTX_new(rand, source) : NULL;

	EVP_RAND_free(rand);
	return ctx;
}

/* Unseeded and not personalised. */
static struct drbg *drbg_create(void)
{
	struct drbg *d = secmem_alloc(sizeof(*d));
	OSSL_LIB_CTX *library;

	if (!d)
		return NULL;
	library = drbg_source_get_library();
	d->library = library != NULL;
	if (library)
		d->source = drbg_source_new(library);
	if (d->source)
		d->rand = rand_new(library, d->source);
	if (!d->rand) {
		ERR_clear_error();
		drbg_free(d);
		errno = EIO;
		return NULL;
	}
	return d;
}

struct drbg *drbg_new(const void *personal, size_t len)
{
	struct drbg *d;

	if (len == 0 || len > DRBG_PERSONAL_MAX) {
		errno = EINVAL;
		return NULL;
	}
	d = drbg_create();
	if (!d)
		return NULL;
	memcpy(d->personal, personal, len);
	d->personal_len = len;
	return d;
}

void drbg_free(struct drbg *d)
{
	if (!d)
		return;
	EVP_RAND_CTX_free(d->rand);
	EVP_RAND_CTX_free(d->source);
	if (d->library)
		drbg_source_put_library();
	secmem_free(d);
}

static void drop_batch(struct drbg *d)
{
	explicit_bzero(d->batch, sizeof(d->batch));
	d->have = 0;
}

/* libcrypto failed: nothing of this state is used again. */
static int give_up(struct drbg *d)
{
	EVP_RAND_uninstantiate(d->rand);
	ERR_clear_error();
	drop_batch(d);
	d->seeded = false;
	return -EIO;
}

static int instantiate(struct drbg *d)
{
	char cipher[] = "AES-256-CTR";
	int derive = 1;
	unsigned int calls = 0; /* unlimited, as is the time */
	time_t interval = 0;
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_DRBG_PARAM_CIPHER, cipher,
						 0),
		OSSL_PARAM_construct_int(OSSL_DRBG_PARAM_USE_DF, &derive),
		OSSL_PARAM_construct_uint(OSSL_DRBG_PARAM_RESEED_REQUESTS,
					  &calls),
		OSSL_PARAM_construct_time_t(
			OSSL_DRBG_PARAM_RESEED_TIME_INTERVAL, &interval),
		OSSL_PARAM_construct_end(),
	};

	return EVP_RAND_instantiate(d->rand, STRENGTH, 0, d->personal,
				    d->personal_len, params);
}

/* len: DRBG_SEED, but for known answers.  seed is wiped. */
static int take_seed(struct drbg *d, uint8_t *seed, size_t len)
{
	int ok = drbg_source_offer(d->source, seed, len) == 0;

	if (ok && d->seeded)
		ok = EVP_RAND_reseed(d->rand, 0, NULL, 0, NULL, 0);
	else if (ok)
		ok = instantiate(d);
	drbg_source_offer(d->source, NULL, 0);
	explicit_bzero(seed, len);
	drop_batch(d);
	if (!ok)
		return give_up(d);
	d->seeded = true;
	d->made = 0;
	return 0;
}

int drbg_seed(struct drbg *d, uint8_t block[static DRBG_SEED], uint64_t now_us)
{
	d->seeded_us = now_us;
	return take_seed(d, block, DRBG_SEED);
}

/* A clock that went back makes the age enormous: then a seed is needed. */
static uint64_t age_us(const struct drbg *d, uint64_t now_us)
{
	return now_us - d->seeded_us;
}

enum drbg_want drbg_wants_seed(const struct drbg *d, uint64_t now_us)
{
	uint64_t age = age_us(d, now_us);

	if (!d->seeded || d->made >= DRBG_NEED_BYTES || age >= DRBG_NEED_US)
		return DRBG_NEEDS;
	if (d->made >= DRBG_WISH_BYTES || age >= DRBG_WISH_US)
		return DRBG_WISHES;
	return DRBG_CONTENT;
}

/* One call of the generator (SP 800-90A 9.3), or several for long output. */
static int make(struct drbg *d, uint8_t *out, size_t len)
{
	if (!EVP_RAND_generate(d->rand, out, len, STRENGTH, 0, NULL, 0))
		return give_up(d);
	d->made += len;
	return 0;
}

static int take_batch(struct drbg *d, uint8_t *out, size_t len)
{
	while (len > 0) {
		size_t n = len < d->have ? len : d->have;

		memcpy(out, d->batch + d->have - n, n);
		explicit_bzero(d->batch + d->have - n, n);
		d->have -= n;
		out += n;
		len -= n;
		if (len > 0) {
			int ret = make(d, d->batch, BATCH);

			if (ret)
				return ret;
			d->have = BATCH;
		}
	}
	return 0;
}

/* made may pass the limit by what a batch has left; that is not given. */
static bool may_generate(const struct drbg *d, size_t len, uint64_t now_us)
{
	return d->seeded && age_us(d, now_us) < DRBG_LIMIT_US &&
	       d->made < DRBG_LIMIT_BYTES && len <= DRBG_LIMIT_BYTES - d->made;
}

int drbg_generate(struct drbg *d, uint8_t *out, size_t len, uint64_t now_us)
{
	int ret = -EAGAIN;

	if (may_generate(d, len, now_us))
		ret = len < DIRECT ? take_batch(d, out, len)
				   : make(d, out, len);
	if (ret)
		explicit_bzero(out, len);
	return ret;
}

/* CAVP, CTR_DRBG.rsp, [AES-256 use df], count 0: entropy input, nonce. */
static const uint8_t kat_seed[] = {
	0x36, 0x40, 0x19, 0x40, 0xfa, 0x8b, 0x1f, 0xba, 0x91, 0xa1, 0x66, 0x1f,
	0x21, 0x1d, 0x78, 0xa0, 0xb9, 0x38, 0x9a, 0x74, 0xe5, 0xbc, 0xcf, 0xec,
	0xe8, 0xd7, 0x66, 0xaf, 0x1a, 0x6d, 0x3b, 0x14, 0x49, 0x6f, 0x25, 0xb0,
	0xf1, 0x30, 0x1b, 0x4f, 0x50, 0x1b, 0xe3, 0x03, 0x80, 0xa1, 0x37, 0xeb,
};
/* What its second call of generate returns. */
static const uint8_t kat_out[] = {
	0x58, 0x62, 0xeb, 0x38, 0xbd, 0x55, 0x8d, 0xd9, 0x78, 0xa6, 0x96,
	0xe6, 0xdf, 0x16, 0x47, 0x82, 0xdd, 0xd8, 0x87, 0xe7, 0xe9, 0xa6,
	0xc9, 0xf3, 0xf1, 0xfb, 0xaf, 0xb7, 0x89, 0x41, 0xb5, 0x35, 0xa6,
	0x49, 0x12, 0xdf, 0xd2, 0x24, 0xc6, 0xdc, 0x74, 0x54, 0xe5, 0x25,
	0x0b, 0x3d, 0x97, 0x16, 0x5e, 0x16, 0x26, 0x0c, 0x2f, 0xaf, 0x1c,
	0xc7, 0x73, 0x5c, 0xb7, 0x5f, 0xb4, 0xf0, 0x7e, 0x1d,
};

/* CAVP, a case with a reseed between two calls of generate. */
static const uint8_t kat_reseed_seed[] = {
	0x5a, 0x19, 0x4d, 0x5e, 0x2b, 0x31, 0x58, 0x14, 0x54, 0xde, 0xf6, 0x75,
	0xfb, 0x79, 0x58, 0xfe, 0xc7, 0xdb, 0x87, 0x3e, 0x56, 0x89, 0xfc, 0x9d,
	0x03, 0x21, 0x7c, 0x68, 0xd8, 0x03, 0x38, 0x20, 0x1b, 0x54, 0xb8, 0xff,
	0x06, 0x42, 0xbf, 0xf5, 0x21, 0xf1, 0x5c, 0x1c, 0x0b, 0x66, 0x5f, 0x3f,
};
static const uint8_t kat_reseed_more[] = {
	0xf9, 0xe6, 0x5e, 0x04, 0xd8, 0x56, 0xf3, 0xa9, 0xc4, 0x4a, 0x4c,
	0xbd, 0xc1, 0xd0, 0x08, 0x46, 0xf5, 0x98, 0x3d, 0x77, 0x1c, 0x1b,
	0x13, 0x7e, 0x4e, 0x0f, 0x9d, 0x8e, 0xf4, 0x09, 0xf9, 0x2e,
};
static const uint8_t kat_reseed_out[] = {
	0xa0, 0x54, 0x30, 0x3d, 0x8a, 0x7e, 0xa9, 0x88,
	0x9d, 0x90, 0x3e, 0x07, 0x7c, 0x6f, 0x21, 0x8f,
};

/* more: entropy of a reseed between the two calls, or NULL. */
static int known_answer(const uint8_t *seed, const uint8_t *more,
			const uint8_t *answer, size_t answer_len)
{
	struct drbg *d = drbg_create();
	uint8_t buf[sizeof(kat_out)];
	int ret = -EIO;

	if (!d)
		return -EIO;
	memcpy(buf, seed, sizeof(kat_seed));
	if (take_seed(d, buf, sizeof(kat_seed)) || make(d, buf, answer_len))
		goto out;
	if (more) {
		memcpy(buf, more, sizeof(kat_reseed_more));
		if (take_seed(d, buf, sizeof(kat_reseed_more)))
			goto out;
	}
	if (make(d, buf, answer_len) || memcmp(buf, answer, answer_len))
		goto out;
	ret = 0;
out:
	drbg_free(d);
	return ret;
}

int drbg_selftest(void)
{
	if (known_answer(kat_seed, NULL, kat_out, sizeof(kat_out)))
		return -EIO;
	return known_answer(kat_reseed_seed, kat_reseed_more, kat_reseed_out,
			    sizeof(kat_reseed_out));
}
