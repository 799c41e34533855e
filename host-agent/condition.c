/*
 * condition.c - SHA-512 by libcrypto
 *
 * Samples are collected in secmem and hashed in one go, so libcrypto's context
 * holds something secret only while it works.  It would still hold it after
 * EVP_DigestFinal_ex() (the last input block, and the output as its chaining
 * value); EVP_MD_CTX_reset() hands that memory to OPENSSL_clear_free().
 */
#include "host-agent/condition.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "common/secmem.h"

#define H_MIN_MILLIBITS 500
#define H_MAX_MILLIBITS 8000
#define IN_BYTES_MAX	(CONDITION_H_IN_MIN * 1000 / H_MIN_MILLIBITS)

/* Keeps these hashes apart from every other use of SHA-512; never changes. */
static const char prefix[] = "onerng-virt condition v1 SHA-512";
#define PREFIX_BYTES (sizeof(prefix) - 1)

struct condition {
	EVP_MD *md;
	EVP_MD_CTX *ctx;
	size_t in_bytes, have;
	uint8_t in[PREFIX_BYTES + IN_BYTES_MAX];
};

struct condition *condition_new(unsigned int h_millibits)
{
	struct condition *c;

	if (h_millibits < H_MIN_MILLIBITS || h_millibits > H_MAX_MILLIBITS) {
		errno = EINVAL;
		return NULL;
	}
	c = secmem_alloc(sizeof(*c));
	if (!c)
		return NULL;
	c->in_bytes =
		(CONDITION_H_IN_MIN * 1000 + h_millibits - 1) / h_millibits;
	memcpy(c->in, prefix, PREFIX_BYTES);
	c->md = EVP_MD_fetch(NULL, "SHA512", NULL);
	c->ctx = EVP_MD_CTX_new();
	if (!c->md || !c->ctx) {
		condition_free(c);
		errno = EIO;
		return NULL;
	}
	return c;
}

void condition_free(struct condition *c)
{
	if (!c)
		return;
	EVP_MD_CTX_free(c->ctx);
	EVP_MD_free(c->md);
	secmem_free(c);
}

void condition_reset(struct condition *c)
{
	explicit_bzero(c->in + PREFIX_BYTES, IN_BYTES_MAX);
	c->have = 0;
}

size_t condition_in_bytes(const struct condition *c)
{
	return c->in_bytes;
}

/* SHA-512(data), nothing of it left in libcrypto.  0 or -EIO, out wiped. */
static int hash(struct condition *c, const void *data, size_t len,
		uint8_t out[static CONDITION_OUT])
{
	unsigned int out_len = 0;
	int ok;

	ok = EVP_DigestInit_ex2(c->ctx, c->md, NULL) &&
	     EVP_DigestUpdate(c->ctx, data, len) &&
	     EVP_DigestFinal_ex(c->ctx, out, &out_len) &&
	     out_len == CONDITION_OUT;
	EVP_MD_CTX_reset(c->ctx);
	if (ok)
		return 0;
	explicit_bzero(out, CONDITION_OUT);
	return -EIO;
}

int condition_feed(struct condition *c, const uint8_t **raw, size_t *len,
		   uint8_t out[static CONDITION_OUT])
{
	size_t n = c->in_bytes - c->have;
	int ret;

	if (n > *len)
		n = *len;
	memcpy(c->in + PREFIX_BYTES + c->have, *raw, n);
	c->have += n;
	*raw += n;
	*len -= n;
	if (c->have < c->in_bytes)
		return 0;
	ret = hash(c, c->in, PREFIX_BYTES + c->in_bytes, out);
	condition_reset(c);
	return ret ? ret : 1;
}

/* FIPS 180-4, SHA-512("abc"). */
static const uint8_t kat_abc[CONDITION_OUT] = {
	0xdd, 0xaf, 0x35, 0xa1, 0x93, 0x61, 0x7a, 0xba, 0xcc, 0x41, 0x73,
	0x49, 0xae, 0x20, 0x41, 0x31, 0x12, 0xe6, 0xfa, 0x4e, 0x89, 0xa9,
	0x7e, 0xa2, 0x0a, 0x9e, 0xee, 0xe6, 0x4b, 0x55, 0xd3, 0x9a, 0x21,
	0x92, 0x99, 0x2a, 0x27, 0x4f, 0xc1, 0xa8, 0x36, 0xba, 0x3c, 0x23,
	0xa3, 0xfe, 0xeb, 0xbd, 0x45, 0x4d, 0x44, 0x23, 0x64, 0x3c, 0xe8,
	0x0e, 0x2a, 0x9a, 0xc9, 0x4f, 0xa5, 0x4c, 0xa4, 0x9f,
};

/* SHA-512(prefix || 00 01 02 ... 8f), computed with coreutils' sha512sum. */
#define KAT_H_MILLIBITS 4000
static const uint8_t kat_block[CONDITION_OUT] = {
	0x3a, 0x43, 0xd7, 0x44, 0x44, 0xf7, 0x46, 0xd9, 0xf1, 0x31, 0x67,
	0x5b, 0x16, 0x6b, 0xc2, 0xe0, 0xc2, 0xa8, 0xff, 0xeb, 0x18, 0x5f,
	0x82, 0x1a, 0x48, 0xad, 0xd3, 0x44, 0xe5, 0xed, 0x4c, 0xab, 0x1d,
	0x1d, 0xe5, 0x33, 0x97, 0x9f, 0x7e, 0x4f, 0x71, 0xc5, 0xf8, 0x4c,
	0x34, 0xab, 0x93, 0xba, 0x09, 0x8c, 0x3e, 0x61, 0xf9, 0x55, 0x19,
	0xf4, 0x6b, 0x8b, 0x8c, 0x38, 0x15, 0xb9, 0xbd, 0x4f,
};

int condition_selftest(void)
{
	struct condition *c = condition_new(KAT_H_MILLIBITS);
	uint8_t in[CONDITION_H_IN_MIN * 1000 / KAT_H_MILLIBITS];
	uint8_t out[CONDITION_OUT];
	const uint8_t *raw = in;
	size_t len = sizeof(in);
	int ret = -EIO;

	if (!c)
		return -EIO;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	if (hash(c, "abc", 3, out) || memcmp(out, kat_abc, sizeof(out)))
		goto out;
	if (condition_feed(c, &raw, &len, out) != 1 || len ||
	    memcmp(out, kat_block, sizeof(out)))
		goto out;
	ret = 0;
out:
	condition_free(c);
	return ret;
}
