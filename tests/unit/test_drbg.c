/*
 * DRBGs: known answers (CAVP's in the self test; longer ones, with a
 * personalisation and as consumers call it, computed by a script that was
 * written from SP 800-90A and checked with CAVP's), limits, and what is left.
 */
#include "host-agent/drbg.h"

#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "tests/unit/testrand.h"

#define SECOND 1000000ull
#define NAME   "domain 11111111-2222-3333-4444-555555555555"

/*
 * libcrypto's memory: fails from allocation fail_at on, and looks at what it
 * frees for a secret.
 */
static long fail_at = -1;
static const uint8_t *secret;
static size_t secret_len;
static int frees, found;

static bool refuse(void)
{
	return fail_at >= 0 && fail_at-- == 0;
}

static void *hook_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return refuse() ? NULL : malloc(n);
}

static void *hook_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return refuse() ? NULL : realloc(p, n);
}

static void hook_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	if (p && secret) {
		frees++;
		found |= memmem(p, malloc_usable_size(p), secret, secret_len) !=
			 NULL;
	}
	free(p);
}

static int hooked;

/* Only before libcrypto's first allocation. */
__attribute__((constructor)) static void hook_libcrypto(void)
{
	hooked = CRYPTO_set_mem_functions(hook_malloc, hook_realloc, hook_free);
}

static void expect_sha256(const uint8_t *data, size_t len, const char *hex)
{
	unsigned char digest[32];
	char text[65];

	cr_assert(EVP_Digest(data, len, digest, NULL, EVP_sha256(), NULL));
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	cr_expect_str_eq(text, hex);
}

/* Bytes first, first + 1, ... */
static void seed_from(struct drbg *d, uint8_t first, uint64_t now_us)
{
	uint8_t block[DRBG_SEED];

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (uint8_t)(first + i);
	cr_assert_eq(drbg_seed(d, block, now_us), 0);
	for (size_t i = 0; i < sizeof(block); i++)
		cr_assert_eq(block[i], 0, "the seed is still there");
}

static struct drbg *seeded(const char *name)
{
	struct drbg *d = drbg_new(name, strlen(name));

	cr_assert_not_null(d);
	seed_from(d, 0, 0);
	return d;
}

Test(drbg, passes_its_self_test)
{
	cr_assert_eq(drbg_selftest(), 0);
	cr_assert_eq(drbg_selftest(), 0);
}

Test(drbg, answers_as_an_independent_implementation)
{
	static uint8_t out[2 * 65536 + 1000];
	static const uint8_t first[8] = { 0x30, 0x83, 0x66, 0x32,
					  0x95, 0xc0, 0x18, 0xcf };
	static const uint8_t next[8] = { 0x50, 0x92, 0xbb, 0xdf,
					 0xfb, 0x08, 0xe4, 0x7d };
	struct drbg *d = seeded(NAME);

	cr_assert_eq(drbg_generate(d, out, 4096, 0), 0);
	expect_sha256(out, 4096,
		      "ca09d71a7b5cfc2ced63eee0c8ff1acc"
		      "bd3fe7bd321c8d50151ca2edbc0af4e3");
	seed_from(d, 64, 1);
	/* small requests: from the end of a batch */
	cr_assert_eq(drbg_generate(d, out, 64, 1), 0);
	cr_expect_arr_eq(out, first, sizeof(first));
	cr_assert_eq(drbg_generate(d, out, 64, 1), 0);
	cr_expect_arr_eq(out, next, sizeof(next));
	/* cut at 2^19 bits, as SP 800-90A table 3 demands */
	cr_assert_eq(drbg_generate(d, out, sizeof(out), 1), 0);
	expect_sha256(out, sizeof(out),
		      "7f266d58f247ed0dbea7dc9214a4e024"
		      "7b3422256ecc4e446486a080f5704baa");
	drbg_free(d);
}

Test(drbg, gives_nothing_before_its_first_seed)
{
	struct drbg *d = drbg_new(NAME, sizeof(NAME) - 1);
	uint8_t out[64], zero[64] = { 0 };

	cr_assert_not_null(d);
	memset(out, 0xa5, sizeof(out));
	cr_expect_eq(drbg_wants_seed(d, 0), DRBG_NEEDS);
	cr_expect_eq(drbg_generate(d, out, sizeof(out), 0), -EAGAIN);
	cr_expect_arr_eq(out, zero, sizeof(out));
	drbg_free(d);
}

Test(drbg, same_seed_gives_other_consumers_other_bytes)
{
	struct drbg *a = seeded("domain a"), *b = seeded("domain b");
	uint8_t of_a[64], of_b[64];

	cr_assert_eq(drbg_generate(a, of_a, 64, 0), 0);
	cr_assert_eq(drbg_generate(b, of_b, 64, 0), 0);
	cr_expect_arr_neq(of_a, of_b, 64);
	drbg_free(a);
	drbg_free(b);
}

static int by_block(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

Test(drbg, no_block_comes_twice)
{
	struct testrand r = testrand_new("no_block_comes_twice");
	static uint8_t out[1 << 20];
	struct drbg *d = seeded(NAME);
	size_t n;

	for (size_t at = 0; at < sizeof(out); at += n) {
		n = 16 * (1 + testrand_below(&r, 100));
		n = n < sizeof(out) - at ? n : sizeof(out) - at;
		if (testrand_below(&r, 50) == 0)
			seed_from(d, (uint8_t)testrand_u64(&r), 0);
		cr_assert_eq(drbg_generate(d, out + at, n, 0), 0);
	}
	qsort(out, sizeof(out) / 16, 16, by_block);
	for (size_t at = 16; at < sizeof(out); at += 16)
		cr_assert_neq(memcmp(out + at, out + at - 16, 16), 0);
	drbg_free(d);
}

Test(drbg, every_length_is_filled)
{
	static uint8_t out[4096 + 1];
	struct drbg *d = seeded(NAME);

	for (size_t len = 0; len < sizeof(out); len += 1 + len / 7) {
		unsigned int differ = 0;

		memset(out, 0, sizeof(out));
		cr_assert_eq(drbg_generate(d, out, len, 0), 0);
		cr_assert_eq(out[len], 0, "%zu bytes: one more written", len);
		for (size_t i = len / 2; i < len; i++)
			differ |= out[i];
		cr_assert(len < 16 || differ, "%zu bytes: not filled", len);
	}
	drbg_free(d);
}

Test(drbg, wishes_for_a_seed_by_bytes)
{
	static uint8_t out[DRBG_WISH_BYTES];
	struct drbg *d = seeded(NAME);

	cr_expect_eq(drbg_wants_seed(d, 0), DRBG_CONTENT);
	drbg_generate(d, out, DRBG_WISH_BYTES - 1024, 0);
	cr_expect_eq(drbg_wants_seed(d, 0), DRBG_CONTENT);
	drbg_generate(d, out, 1024, 0);
	cr_expect_eq(drbg_wants_seed(d, 0), DRBG_WISHES);
	seed_from(d, 1, 0);
	cr_expect_eq(drbg_wants_seed(d, 0), DRBG_CONTENT);
	drbg_free(d);
}

Test(drbg, needs_and_then_demands_a_seed_by_bytes)
{
	uint8_t *out = malloc(DRBG_LIMIT_BYTES);
	struct drbg *d = seeded(NAME);

	cr_assert_not_null(out);
	cr_assert_eq(drbg_generate(d, out, DRBG_NEED_BYTES - 1, 0), 0);
	cr_expect_eq(drbg_wants_seed(d, 0), DRBG_WISHES);
	cr_assert_eq(drbg_generate(d, out, 1, 0), 0);
	cr_expect_eq(drbg_wants_seed(d, 0), DRBG_NEEDS);
	cr_expect_eq(drbg_generate(d, out, DRBG_LIMIT_BYTES / 2 + 1, 0),
		     -EAGAIN);
	/* a batch was made for the one byte */
	cr_expect_eq(drbg_generate(d, out, DRBG_LIMIT_BYTES / 2 - 4096, 0), 0);
	for (int i = 0; i < 4096; i++)
		if (drbg_generate(d, out, 64, 0) == -EAGAIN)
			break;
	cr_expect_eq(drbg_generate(d, out, 1, 0), -EAGAIN);
	cr_expect_eq(drbg_generate(d, out, 1024, 0), -EAGAIN);
	seed_from(d, 1, 0);
	cr_expect_eq(drbg_generate(d, out, DRBG_LIMIT_BYTES, 0), 0);
	cr_expect_eq(drbg_generate(d, out, 1, 0), -EAGAIN);
	cr_expect_eq(drbg_generate(d, out, 4096, 0), -EAGAIN);
	drbg_free(d);
	free(out);
}

Test(drbg, wants_a_seed_by_time)
{
	const uint64_t start = 5 * SECOND;
	struct drbg *d = drbg_new(NAME, sizeof(NAME) - 1);
	uint8_t out[64];

	seed_from(d, 0, start);
	cr_expect_eq(drbg_wants_seed(d, start + DRBG_WISH_US - 1),
		     DRBG_CONTENT);
	cr_expect_eq(drbg_wants_seed(d, start + DRBG_WISH_US), DRBG_WISHES);
	cr_expect_eq(drbg_wants_seed(d, start + DRBG_NEED_US), DRBG_NEEDS);
	cr_expect_eq(drbg_generate(d, out, 64, start + DRBG_LIMIT_US - 1), 0);
	cr_expect_eq(drbg_generate(d, out, 64, start + DRBG_LIMIT_US), -EAGAIN);
	/* a clock that goes back is no reason to go on */
	cr_expect_eq(drbg_generate(d, out, 64, start - 1), -EAGAIN);
	cr_expect_eq(drbg_wants_seed(d, start - 1), DRBG_NEEDS);
	drbg_free(d);
}

Test(drbg, seed_replaces_what_was_made_ahead)
{
	struct drbg *a = seeded(NAME), *b = seeded(NAME);
	uint8_t of_a[64], of_b[64];

	drbg_generate(a, of_a, 64, 0);
	drbg_generate(b, of_b, 64, 0);
	cr_assert_arr_eq(of_a, of_b, 64);
	seed_from(b, 77, 0);
	drbg_generate(a, of_a, 64, 0);
	drbg_generate(b, of_b, 64, 0);
	cr_expect_arr_neq(of_a, of_b, 64);
	drbg_free(a);
	drbg_free(b);
}

Test(drbg, forked_child_gets_nothing)
{
	struct drbg *d = seeded(NAME);
	uint8_t out[64];
	int status;
	pid_t pid;

	cr_assert_eq(drbg_generate(d, out, 64, 0), 0);
	pid = fork();
	if (pid == 0)
		_exit(drbg_generate(d, out, 64, 0) == -EAGAIN ? 0 : 1);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0);
	drbg_free(d);
}

Test(drbg, personalisation_has_bounds)
{
	char name[DRBG_PERSONAL_MAX + 1] = { 0 };
	struct drbg *d;

	cr_expect_null(drbg_new(name, 0));
	cr_expect_eq(errno, EINVAL);
	cr_expect_null(drbg_new(name, sizeof(name)));
	cr_expect_eq(errno, EINVAL);
	d = drbg_new(name, DRBG_PERSONAL_MAX);
	cr_expect_not_null(d);
	drbg_free(d);
	drbg_free(NULL);
}

/* libcrypto 3.0 loses memory itself where an allocation fails. */
__attribute__((weak)) void __lsan_disable(void);

Test(drbg, libcrypto_out_of_memory_is_an_error_of_new)
{
	struct drbg *d = NULL;
	long n;

	if (!hooked)
		cr_skip("libcrypto was in use before main()");
	if (__lsan_disable)
		__lsan_disable();
	for (n = 0; !d && n < 100000; n += 1 + n / 8) {
		fail_at = n;
		d = drbg_new(NAME, sizeof(NAME) - 1);
		fail_at = -1;
		cr_assert(d || errno == EIO, "allocation %ld", n);
	}
	cr_assert_not_null(d, "it never works");
	cr_expect_gt(n, 10);
	seed_from(d, 0, 0);
	drbg_free(d);
}

Test(drbg, libcrypto_out_of_memory_at_a_seed_leaves_it_unseeded)
{
	struct drbg *d;
	int ret = -EIO;

	if (!hooked)
		cr_skip("libcrypto was in use before main()");
	if (__lsan_disable)
		__lsan_disable();
	for (long n = 0; ret && n < 1000; n++) {
		uint8_t block[DRBG_SEED], out[64], zero[64] = { 0 };

		d = drbg_new(NAME, sizeof(NAME) - 1);
		memset(block, 0x5a, sizeof(block));
		fail_at = n;
		ret = drbg_seed(d, block, 0);
		fail_at = -1;
		cr_assert_arr_eq(block, zero, sizeof(zero));
		cr_assert(ret == 0 || ret == -EIO);
		cr_assert_eq(drbg_generate(d, out, 64, 0), ret ? -EAGAIN : 0);
		if (ret) {
			/* and the next seed mends it */
			seed_from(d, 0, 0);
			cr_assert_eq(drbg_generate(d, out, 64, 0), 0);
		}
		drbg_free(d);
	}
	cr_expect_eq(ret, 0);
}

Test(drbg, no_seed_stays_in_libcrypto)
{
	uint8_t block[DRBG_SEED], copy[16], out[2048];
	struct testrand r = testrand_new("no_seed_stays");
	struct drbg *d;

	if (!hooked)
		cr_skip("libcrypto was in use before main()");
	d = drbg_new(NAME, sizeof(NAME) - 1);
	cr_assert_not_null(d);
	testrand_fill(&r, block, sizeof(block));
	memcpy(copy, block, sizeof(copy));
	secret = copy;
	secret_len = sizeof(copy);
	cr_assert_eq(drbg_seed(d, block, 0), 0);
	cr_assert_eq(drbg_generate(d, out, 100, 0), 0);
	cr_assert_eq(drbg_generate(d, out, sizeof(out), 0), 0);
	drbg_free(d);
	secret = NULL;
	cr_expect_gt(frees, 0);
	cr_expect_eq(found, 0, "a seed in memory that was freed");
}
