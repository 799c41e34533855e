#include "host-agent/pool.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "common/secmem.h"

/* Block number n: recognisable, and no two are equal. */
static void fill(uint8_t block[static POOL_BLOCK], uint32_t n)
{
	memset(block, 0xa5, POOL_BLOCK);
	memcpy(block, &n, sizeof(n));
}

static void put(struct pool *p, uint32_t n, unsigned int device)
{
	uint8_t block[POOL_BLOCK];

	fill(block, n);
	cr_assert_eq(pool_put(p, block, device), 0);
}

static void expect(struct pool *p, uint32_t n, uint64_t serial)
{
	uint8_t want[POOL_BLOCK], got[POOL_BLOCK];
	uint64_t got_serial = 0;

	fill(want, n);
	cr_assert_eq(pool_take(p, got, &got_serial), 0);
	cr_assert_arr_eq(got, want, POOL_BLOCK);
	cr_assert_eq(got_serial, serial);
}

static int is_zero(const uint8_t *mem, size_t len)
{
	while (len--)
		if (*mem++)
			return 0;
	return 1;
}

Test(pool, refuses_sizes_out_of_range)
{
	errno = 0;
	cr_assert_null(pool_new(0));
	cr_assert_eq(errno, EINVAL);
	errno = 0;
	cr_assert_null(pool_new(SECMEM_MAX / POOL_BLOCK + 1));
	cr_assert_eq(errno, EINVAL);
	pool_free(NULL);
}

Test(pool, gives_blocks_in_order_each_once)
{
	struct pool *p = pool_new(4);
	uint8_t out[POOL_BLOCK];

	cr_assert_not_null(p);
	cr_assert_eq(pool_capacity(p), 4);
	cr_assert_eq(pool_take(p, out, NULL), -EAGAIN);
	/* Around the end of the ring several times. */
	for (uint32_t n = 0; n < 30; n += 3) {
		for (uint32_t i = 0; i < 3; i++)
			put(p, n + i, 0);
		cr_assert_eq(pool_blocks(p), 3);
		for (uint32_t i = 0; i < 3; i++)
			expect(p, n + i, n + i + 1);
		cr_assert_eq(pool_take(p, out, NULL), -EAGAIN);
	}
	pool_free(p);
}

Test(pool, put_wipes_the_callers_block)
{
	struct pool *p = pool_new(1);
	uint8_t block[POOL_BLOCK];

	fill(block, 7);
	cr_assert_eq(pool_put(p, block, 0), 0);
	cr_assert(is_zero(block, sizeof(block)));
	fill(block, 8);
	cr_assert_eq(pool_put(p, block, 0), -ENOSPC);
	cr_assert(is_zero(block, sizeof(block)), "refused, but not wiped");
	expect(p, 7, 1);
	pool_free(p);
}

Test(pool, refused_block_uses_no_serial_number)
{
	struct pool *p = pool_new(1);
	uint8_t block[POOL_BLOCK];
	struct pool_stats st;

	put(p, 1, 0);
	fill(block, 2);
	cr_assert_eq(pool_put(p, block, 0), -ENOSPC);
	expect(p, 1, 1);
	put(p, 3, 0);
	expect(p, 3, 2);
	pool_stats(p, &st);
	cr_assert_eq(st.blocks_put, 2);
	cr_assert_eq(st.blocks_taken, 2);
	cr_assert_eq(st.blocks_refused, 1);
	cr_assert_eq(st.blocks_wiped, 0);
	pool_free(p);
}

Test(pool, wipe_empties_it_and_serials_go_on)
{
	struct pool *p = pool_new(4);
	uint8_t out[POOL_BLOCK];
	struct pool_stats st;

	put(p, 1, 0);
	put(p, 2, 0);
	pool_wipe_device(p, 0);
	cr_assert_eq(pool_blocks(p), 0);
	cr_assert_eq(pool_take(p, out, NULL), -EAGAIN);
	pool_stats(p, &st);
	cr_assert_eq(st.blocks_wiped, 2);
	put(p, 3, 0);
	expect(p, 3, 3);
	pool_free(p);
}

Test(pool, wipe_of_one_device_keeps_the_others_in_order)
{
	struct pool *p = pool_new(5);
	uint8_t out[POOL_BLOCK];
	struct pool_stats st;

	/* Start in mid-ring, so that the kept ones move across its end. */
	for (uint32_t n = 0; n < 3; n++) {
		put(p, n, 0);
		expect(p, n, n + 1);
	}
	put(p, 10, 1);
	put(p, 11, 2);
	put(p, 12, 1);
	put(p, 13, 2);
	put(p, 14, 1);
	pool_wipe_device(p, 1);
	cr_assert_eq(pool_blocks(p), 2);
	pool_stats(p, &st);
	cr_assert_eq(st.blocks_wiped, 3);
	put(p, 15, 1);
	expect(p, 11, 5);
	expect(p, 13, 7);
	expect(p, 15, 9);
	cr_assert_eq(pool_take(p, out, NULL), -EAGAIN);
	pool_wipe_device(p, 1);
	pool_free(p);
}

static void expect_made(struct pool *p, unsigned int device, uint64_t put_,
			uint64_t taken, uint64_t wiped)
{
	struct pool_device_stats st;

	pool_device_stats(p, device, &st);
	cr_assert_eq(st.blocks_put, put_);
	cr_assert_eq(st.blocks_taken, taken);
	cr_assert_eq(st.blocks_wiped, wiped);
}

Test(pool, blocks_are_counted_for_the_device_that_made_them)
{
	struct pool *p = pool_new(8);

	put(p, 1, 0);
	put(p, 2, 5);
	put(p, 3, 5);
	expect(p, 1, 1);
	expect(p, 2, 2);
	expect_made(p, 0, 1, 1, 0);
	expect_made(p, 5, 2, 1, 0);
	expect_made(p, 7, 0, 0, 0);
	put(p, 4, 0);
	pool_wipe_device(p, 5);
	expect_made(p, 5, 2, 1, 1);
	pool_wipe(p);
	expect_made(p, 0, 2, 1, 1);
	pool_free(p);
}

Test(pool, a_later_device_at_the_same_place_is_counted_from_nothing)
{
	struct pool *p = pool_new(4);

	put(p, 1, 3);
	expect(p, 1, 1);
	expect_made(p, 3 + POOL_DEVICES, 0, 0, 0);
	put(p, 2, 3 + POOL_DEVICES);
	expect_made(p, 3 + POOL_DEVICES, 1, 0, 0);
	expect_made(p, 3, 0, 0, 0);
	pool_free(p);
}
