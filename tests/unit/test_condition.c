#include "host-agent/condition.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * SHA-512("onerng-virt condition v1 SHA-512" || (7 i + 3) mod 256 for i from 0)
 * by coreutils' sha512sum, for as many samples as each H needs.
 */
struct kat {
	unsigned int h_millibits;
	size_t in_bytes;
	const char *digest;
};

static const struct kat kats[] = {
	{ 500, 1152,
	  "bda53e308cab182e168d9f9862eb2df3a2575f5fa12dfc6b55fb009f5bdd8bca"
	  "b8493fe2697edf9c08b1756f83bf66817dead88ac6c47efee5372040c9f40f6b" },
	{ 1000, 576,
	  "68fef662c1ffea1ba77a6d74051bf23a8a7f24cdb17d520b8d67df209d306d79"
	  "4b776b95f09936e9020cc2fe61968c14c4023e8fcc60b24fe572c226181026e0" },
	{ 1500, 384,
	  "1e1f3d082722bb7f79fb267c49ff239b74e8c4f83717744d9fcaa120f495c9ec"
	  "ceb7d0f58c7e48d9b96b38f81b9dea03663e270294292d26e9a88be5989104b5" },
	{ 2000, 288,
	  "a3dc43d8a99f9565d094299fdca27711532447434122db06fdab049257ba10f4"
	  "3b5a22e19b61282552e2619aa22fa4e53e342c479aee0922561b7a9dd54a3909" },
	{ 2500, 231,
	  "a92127606e26f0df5cf82e3a91b355a2f71f7c25eb0d0d695ee3c0020e87b010"
	  "ea3010b9448cf10d4ee480489868f61ab022eb93b322bc0d2b3b5f1f586e2e82" },
	{ 3000, 192,
	  "17bc1d2dbcdd6fb8aa7d5e9da7f85f03dcda43d4a46093bf7b2b4b8848e2516c"
	  "fe3d6c038802ea64cbc8fed5956abdb389e350e99782adf7bd2f35e017f53b37" },
	{ 3500, 165,
	  "ba237ec5601fca5e35d34cc28f41fd792a698a056be0b5047da57ceaab278310"
	  "cc7247aaa75883397319e1cda24637c90e55a95e6d24930f5510710ee195579f" },
	{ 4000, 144,
	  "5ae53f2f6617405761582ec78145e2fd073c5a0c15eb074b0ecfc6613df230a6"
	  "e5561616f3b93df3cf78e85fc42eec3aab67173c6f74a4f981e67127fa9d0157" },
	{ 4500, 128,
	  "0cb7fe1d84fa7f522640c8aae7653b459711d4610c99fa1310a05a6d77c9582c"
	  "746e0c7be2cfa946c78ee6903067f441ad5f0b5eca0d3930fa7928c130200b93" },
	{ 5000, 116,
	  "f7258628d0c4f92696b27a2b261da77bc74fe7715d5bff66317e3a01e85e85ea"
	  "6c65b81bbd89279f35269aa6963f6acee45f33fe4156bab182a715a109fc3adb" },
	{ 5500, 105,
	  "e1ca635cbe99c738c5e69991ca5799a0f10c625ccb325a491f2d8ae7ec4fe361"
	  "4efcf87e5d276fcdc1a1d2e78efea18b454de9009a3dc41ad9baf3900833b82b" },
	{ 6000, 96,
	  "fc01a891097edb7de6d4193ca0f4745f6d004cdedb6a59f96573cb78a6554ff6"
	  "da4115ad8006938f4edac42e9d55a32f2fb7d37380d3c31370db2b5d827dce9c" },
	{ 6500, 89,
	  "a8214e95a9b43120c0e3978e4d15f4c1b2b6da546df1d4c5a5b8797b9cfb01a0"
	  "4ee0df96a42bd24d3fd0075b9228352df7000a67e290ffeb5cce409efb2fcaf0" },
	{ 7000, 83,
	  "1d7f78f616b371d9b3723e6723cf46527dba0581c8e0461c215f1670bc1f33a8"
	  "e64595dbd0de8369ea287e26b7cbbed4995825bedb789001af3cfe3ad1c07eaa" },
	{ 7500, 77,
	  "7c19529e1aa175c2575516753f4be29bd086e16a4b76e9a78f7e6fc502cdb0e1"
	  "2209b1e5a061e11dc5c197f751f984dc99bda2f123754aa01709b537ab6d65c1" },
	{ 8000, 72,
	  "e83449bc7b9b90074cbb80c9ff142549437c4e15b260d9256e146bef7e0eb9d5"
	  "39b73302e7ba74c9efa77eeb88fe46f250d825e581fe61c0ffadb79fcb468fc0" },
};
#define KATS (sizeof(kats) / sizeof(kats[0]))
#define H4   7 /* kats[H4] is H = 4 */

/* The second block of the same stream at H = 4. */
static const char second_block[] =
	"36d0dd4070fd008d595ff911bca552f1f751404d8700746de4ac6470de3e0222"
	"836cfd97399ffe02af43c5aa143afae1b5f25509c9bc0bcf4c0d59773c8b7e4c";

/* libcrypto fails at the call with this number, 0: at none. */
static int fail_final_at, final_calls;

int EVP_DigestFinal_ex(EVP_MD_CTX *ctx, unsigned char *md, unsigned int *s)
{
	int (*real)(EVP_MD_CTX *, unsigned char *, unsigned int *);

	*(void **)&real = dlsym(RTLD_NEXT, "EVP_DigestFinal_ex");
	return real(ctx, md, s) && ++final_calls != fail_final_at;
}

static void stream(uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(7 * i + 3);
}

static void expect_digest(const uint8_t *got, const char *want)
{
	char hex[2 * CONDITION_OUT + 1];

	for (size_t i = 0; i < CONDITION_OUT; i++)
		snprintf(hex + 2 * i, 3, "%02x", got[i]);
	cr_assert_str_eq(hex, want);
}

static int is_zero(const uint8_t *mem, size_t len)
{
	while (len--)
		if (*mem++)
			return 0;
	return 1;
}

Test(condition, passes_its_known_answers)
{
	cr_assert_eq(condition_selftest(), 0);
}

Test(condition, selftest_fails_when_libcrypto_does)
{
	for (fail_final_at = 1; fail_final_at <= 2; fail_final_at++) {
		final_calls = 0;
		cr_assert_eq(condition_selftest(), -EIO);
	}
}

Test(condition, refuses_h_out_of_range)
{
	const unsigned int bad[] = { 0, 499, 8001, 4000000000u };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errno = 0;
		cr_assert_null(condition_new(bad[i]));
		cr_assert_eq(errno, EINVAL);
	}
	condition_free(NULL);
}

Test(condition, matches_sha512sum_at_every_h)
{
	uint8_t in[2048], out[CONDITION_OUT];

	stream(in, sizeof(in));
	for (size_t i = 0; i < KATS; i++) {
		struct condition *c = condition_new(kats[i].h_millibits);
		const uint8_t *raw = in;
		size_t len = sizeof(in);

		cr_assert_not_null(c);
		cr_assert_eq(condition_in_bytes(c), kats[i].in_bytes);
		cr_assert_eq(condition_feed(c, &raw, &len, out), 1);
		cr_assert_eq((size_t)(raw - in), kats[i].in_bytes);
		cr_assert_eq(len, sizeof(in) - kats[i].in_bytes);
		expect_digest(out, kats[i].digest);
		condition_free(c);
	}
}

Test(condition, holds_at_least_576_bits_and_not_a_sample_more)
{
	for (unsigned int h = 500; h <= 8000; h++) {
		struct condition *c = condition_new(h);
		size_t n = condition_in_bytes(c);

		cr_assert_geq(n * h, CONDITION_H_IN_MIN * 1000);
		cr_assert_lt((n - 1) * h, CONDITION_H_IN_MIN * 1000);
		condition_free(c);
		h += 36; /* 500 and 8000 among others */
	}
}

Test(condition, takes_samples_in_any_pieces)
{
	struct condition *c = condition_new(4000);
	uint8_t in[288], out[CONDITION_OUT];
	size_t at = 0, blocks = 0;

	stream(in, sizeof(in));
	for (size_t piece = 1; at < sizeof(in); piece = piece % 13 + 1) {
		const uint8_t *raw = in + at;
		size_t len = piece;

		if (len > sizeof(in) - at)
			len = sizeof(in) - at;
		at += len;
		while (condition_feed(c, &raw, &len, out) == 1)
			expect_digest(out, blocks++ ? second_block
						    : kats[H4].digest);
		cr_assert_eq(len, 0);
	}
	cr_assert_eq(blocks, 2);
	condition_free(c);
}

Test(condition, one_sample_short_gives_nothing)
{
	struct condition *c = condition_new(4000);
	uint8_t in[144], out[CONDITION_OUT] = { 0 };
	const uint8_t *raw = in;
	size_t len = 143;

	stream(in, sizeof(in));
	cr_assert_eq(condition_feed(c, &raw, &len, out), 0);
	cr_assert_eq(len, 0);
	cr_assert(is_zero(out, sizeof(out)));
	len = 1;
	cr_assert_eq(condition_feed(c, &raw, &len, out), 1);
	expect_digest(out, kats[H4].digest);
	condition_free(c);
}

Test(condition, reset_forgets_what_was_collected)
{
	struct condition *c = condition_new(4000);
	uint8_t in[144], out[CONDITION_OUT];
	const uint8_t *raw = (const uint8_t *)"not in the hash";
	size_t len = 15;

	cr_assert_eq(condition_feed(c, &raw, &len, out), 0);
	condition_reset(c);
	stream(in, sizeof(in));
	raw = in;
	len = sizeof(in);
	cr_assert_eq(condition_feed(c, &raw, &len, out), 1);
	expect_digest(out, kats[H4].digest);
	condition_free(c);
}

Test(condition, libcrypto_failure_gives_nothing_and_costs_the_block)
{
	struct condition *c = condition_new(4000);
	uint8_t in[288], out[CONDITION_OUT];
	const uint8_t *raw = in;
	size_t len = sizeof(in);

	stream(in, sizeof(in));
	memset(out, 0x55, sizeof(out));
	fail_final_at = final_calls + 1;
	cr_assert_eq(condition_feed(c, &raw, &len, out), -EIO);
	cr_assert(is_zero(out, sizeof(out)), "output left behind");
	cr_assert_eq(len, 144);
	cr_assert_eq(condition_feed(c, &raw, &len, out), 1);
	expect_digest(out, second_block);
	condition_free(c);
}

/* What libcrypto frees is searched for the output, and for the last input. */
static uint8_t secret_out[CONDITION_OUT], secret_in[16];
static int searching, frees, found;

static void *hook_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(n);
}

static void *hook_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return realloc(p, n);
}

static void hook_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	if (p && searching) {
		size_t n = malloc_usable_size(p);

		frees++;
		found |= memmem(p, n, secret_in, sizeof(secret_in)) != NULL;
		/* The chaining value is kept as native 64-bit words. */
		for (size_t i = 0; i < CONDITION_OUT; i += 8) {
			uint8_t word[8];

			for (size_t k = 0; k < 8; k++)
				word[k] = secret_out[i + 7 - k];
			found |= memmem(p, n, word, sizeof(word)) != NULL;
		}
	}
	free(p);
}

static int hooked;

/* Only before libcrypto's first allocation. */
__attribute__((constructor)) static void hook_libcrypto(void)
{
	hooked = CRYPTO_set_mem_functions(hook_malloc, hook_realloc, hook_free);
}

Test(condition, nothing_secret_stays_in_libcrypto)
{
	struct condition *c;
	uint8_t in[144];
	const uint8_t *raw = in;
	size_t len = sizeof(in);

	if (!hooked)
		cr_skip("libcrypto was in use before main()");
	stream(in, sizeof(in));
	memcpy(secret_in, in + 128, sizeof(secret_in));
	for (size_t i = 0; i < CONDITION_OUT; i++) {
		unsigned int x;

		sscanf(kats[H4].digest + 2 * i, "%2x", &x);
		secret_out[i] = (uint8_t)x;
	}
	c = condition_new(4000);
	cr_assert_not_null(c);
	searching = 1;
	cr_assert_eq(condition_feed(c, &raw, &len, secret_out), 1);
	cr_assert_gt(frees, 0, "the hash's state is still there");
	condition_free(c);
	searching = 0;
	cr_assert_eq(found, 0);
	expect_digest(secret_out, kats[H4].digest);
}
