#include "common/dup.h"

#include <string.h>

#include <criterion/criterion.h>
#include <openssl/evp.h>

#include "common/siphash.h"
#include "tests/unit/testrand.h"

/* Block number n: no two alike. */
static void make_block(uint8_t block[DUP_BLOCK], uint64_t n)
{
	memset(block, 0x3c, DUP_BLOCK);
	memcpy(block, &n, sizeof(n));
}

static unsigned int feed_block(struct dup *d, uint64_t n)
{
	uint8_t block[DUP_BLOCK];

	make_block(block, n);
	return dup_feed(d, block, sizeof(block));
}

static unsigned int feed_blocks(struct dup *d, uint64_t first, uint64_t count)
{
	unsigned int seen = 0;

	for (uint64_t n = first; n < first + count; n++)
		seen += feed_block(d, n);
	return seen;
}

static uint64_t openssl_siphash(const uint64_t key[2], const uint8_t *block)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	size_t size = 8, len = 0;
	uint64_t out = 0;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_size_t("size", &size),
		OSSL_PARAM_construct_end(),
	};

	cr_assert(EVP_MAC_init(ctx, (const unsigned char *)key, 16, params));
	cr_assert(EVP_MAC_update(ctx, block, SIPHASH_BLOCK));
	cr_assert(EVP_MAC_final(ctx, (unsigned char *)&out, &len, sizeof(out)));
	cr_assert_eq(len, 8);
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	return out;
}

/* Entry 16 of the table in SipHash's reference implementation. */
Test(siphash, published_vector)
{
	static const uint64_t key[] = { 0x0706050403020100,
					0x0f0e0d0c0b0a0908 };
	uint8_t block[SIPHASH_BLOCK];

	for (uint8_t i = 0; i < SIPHASH_BLOCK; i++)
		block[i] = i;
	cr_assert_eq(siphash_block(key, block), 0x3f2acc7f57c29bdb);
}

Test(siphash, agrees_with_openssl)
{
	struct testrand r = testrand_new("siphash agrees");

	for (int i = 0; i < 1000; i++) {
		uint64_t key[2] = { testrand_u64(&r), testrand_u64(&r) };
		uint8_t block[SIPHASH_BLOCK];

		testrand_fill(&r, block, sizeof(block));
		cr_assert_eq(siphash_block(key, block),
			     openssl_siphash(key, block));
	}
}

Test(dup, new_blocks_are_not_seen)
{
	struct dup *d = dup_new();

	cr_assert_not_null(d);
	cr_assert_eq(feed_blocks(d, 0, 3 * DUP_RING), 0);
	dup_free(d);
}

Test(dup, repeated_block_is_seen_at_once)
{
	struct dup *d = dup_new();

	cr_assert_eq(feed_block(d, 1), 0);
	cr_assert_eq(feed_block(d, 1), 1);
	dup_free(d);
}

Test(dup, block_is_remembered_for_as_long_as_the_ring)
{
	struct dup *d = dup_new();

	feed_blocks(d, 0, DUP_RING);
	cr_assert_eq(feed_block(d, 0), 1);
	dup_free(d);
}

Test(dup, block_is_forgotten_behind_the_ring)
{
	struct dup *d = dup_new();

	feed_blocks(d, 0, DUP_RING + 1);
	cr_assert_eq(feed_block(d, 0), 0);
	dup_free(d);
}

Test(dup, seeing_a_block_again_remembers_it_anew)
{
	struct dup *d = dup_new();

	for (int round = 0; round < 20; round++) {
		cr_assert_eq(feed_block(d, 0), round > 0);
		cr_assert_eq(feed_blocks(d, 1 + (uint64_t)round * DUP_RING,
					 DUP_RING - 1),
			     0);
	}
	dup_free(d);
}

Test(dup, stuck_source_is_seen_in_every_block_and_forgotten_later)
{
	struct dup *d = dup_new();

	for (int i = 0; i < 3 * DUP_RING; i++)
		cr_assert_eq(feed_block(d, 7), i > 0);
	cr_assert_eq(feed_blocks(d, 100, DUP_RING), 0);
	cr_assert_eq(feed_block(d, 7), 0);
	dup_free(d);
}

/* The same against a plain list, with few different blocks. */
Test(dup, agrees_with_a_plain_list)
{
	struct testrand r = testrand_new("dup agrees");
	static uint64_t list[3 * DUP_RING];
	struct dup *d = dup_new();

	for (size_t i = 0; i < 3 * DUP_RING; i++) {
		size_t from = i > DUP_RING ? i - DUP_RING : 0;
		unsigned int seen = 0;

		list[i] = testrand_below(&r, 3000);
		for (size_t j = from; j < i; j++)
			seen |= list[j] == list[i];
		cr_assert_eq(feed_block(d, list[i]), seen, "block %zu", i);
	}
	dup_free(d);
}

Test(dup, splitting_the_feed_does_not_matter)
{
	struct testrand r = testrand_new("dup splitting");
	struct dup *d = dup_new();
	uint8_t data[64 * DUP_BLOCK];
	unsigned int seen = 0;
	size_t n;

	for (uint64_t i = 0; i < 64; i++)
		make_block(data + i * DUP_BLOCK, i % 40);
	for (size_t at = 0; at < sizeof(data); at += n) {
		n = testrand_below(&r, 40);
		n = n < sizeof(data) - at ? n : sizeof(data) - at;
		seen += dup_feed(d, data + at, n);
	}
	cr_assert_eq(seen, 24);
	dup_free(d);
}

Test(dup, unfinished_block_is_neither_seen_nor_remembered)
{
	uint8_t data[2 * DUP_BLOCK] = { 0 };
	struct dup *d = dup_new();

	cr_assert_eq(dup_feed(d, data, DUP_BLOCK), 0);
	cr_assert_eq(dup_feed(d, data, DUP_BLOCK - 1), 0);
	cr_assert_eq(dup_feed(d, data, 0), 0);
	cr_assert_eq(dup_feed(d, data, 1), 1);
	dup_free(d);
}

Test(dup, reset_forgets_blocks_and_rest)
{
	uint8_t data[DUP_BLOCK] = { 0 };
	struct dup *d = dup_new();

	feed_block(d, 1);
	dup_feed(d, data, 5);
	dup_reset(d);
	cr_assert_eq(feed_block(d, 1), 0);
	cr_assert_eq(feed_block(d, 1), 1);
	dup_free(d);
}

Test(dup, break_forgets_the_rest_and_no_block)
{
	uint8_t data[DUP_BLOCK] = { 0 };
	struct dup *d = dup_new();

	feed_block(d, 1);
	dup_feed(d, data, 5);
	dup_break(d);
	cr_assert_eq(feed_block(d, 2), 0);
	cr_assert_eq(feed_block(d, 2), 1, "the rest was no part of it");
	cr_assert_eq(feed_block(d, 1), 1);
	dup_free(d);
}

Test(dup, asking_for_a_block_changes_nothing)
{
	uint8_t block[DUP_BLOCK];
	struct dup *d = dup_new();

	make_block(block, 0);
	cr_assert_not(dup_knows(d, block));
	cr_assert_eq(feed_blocks(d, 0, DUP_RING), 0);
	for (uint64_t n = 0; n < 2 * DUP_RING; n++) {
		make_block(block, n);
		cr_assert_eq(dup_knows(d, block), n < DUP_RING);
	}
	cr_assert_eq(feed_block(d, DUP_RING), 0);
	make_block(block, 0);
	cr_assert_not(dup_knows(d, block), "it was not remembered anew");
	dup_reset(d);
	cr_assert_not(dup_knows(d, block));
	dup_free(d);
}

Test(dup, freeing_nothing_is_fine)
{
	dup_free(NULL);
}
