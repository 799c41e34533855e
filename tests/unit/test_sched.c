#include "host-agent/sched.h"

#include <errno.h>

#include "tests/unit/sched_fixture.h"

#define N   1000
#define SEC 1000000ull /* microseconds */

static const struct sched_limits equal = { .weight = 1 };

static double jain(const struct sim *c, size_t n)
{
	double sum = 0, squares = 0;

	for (size_t i = 0; i < n; i++) {
		sum += (double)c[i].blocks;
		squares += (double)c[i].blocks * (double)c[i].blocks;
	}
	return sum * sum / ((double)n * squares);
}

Test(sched, gives_nothing_when_nobody_wants)
{
	struct sched *s = sched_new();
	struct sim c = { 0 };

	cr_assert_null(sched_next(s, 0));
	cr_assert_eq(sched_wait_us(s, 0), -1);
	add(s, &c, 0, 0, 1);
	sched_want(s, c.e, false);
	cr_assert_null(sched_next(s, 0));
	cr_assert_eq(sched_wait_us(s, 0), -1);
	sched_remove(s, c.e);
	sched_remove(s, NULL);
	sched_free(s);
	sched_free(NULL);
}

Test(sched, refuses_a_weight_out_of_range)
{
	struct sched *s = sched_new();
	struct sched_limits lim = { 0, 0, 0 };

	errno = 0;
	cr_assert_null(sched_add(s, &lim, s, 0));
	cr_assert_eq(errno, EINVAL);
	lim.weight = SCHED_WEIGHT_MAX + 1;
	errno = 0;
	cr_assert_null(sched_add(s, &lim, s, 0));
	cr_assert_eq(errno, EINVAL);
	errno = 0;
	cr_assert_null(sched_add(s, &equal, NULL, 0));
	cr_assert_eq(errno, EINVAL);
	sched_free(s);
}

Test(sched, thousand_equal_flooding_consumers_share_equally)
{
	struct sched *s = sched_new();
	static struct sim c[N];

	for (size_t i = 0; i < N; i++)
		add(s, &c[i], 0, 0, 1);
	for (int k = 0; k < 100 * N + 317; k++)
		cr_assert_not_null(next(s, 0));
	for (size_t i = 0; i < N; i++)
		cr_assert(c[i].blocks == 100 || c[i].blocks == 101);
	cr_assert_geq(jain(c, N), 0.99);
	remove_all(s, c, N);
}

Test(sched, shares_follow_weights)
{
	const unsigned int weights[] = { 1, 2, 4, 7, 100, 1000 };
	const size_t n = sizeof(weights) / sizeof(weights[0]);
	struct sched *s = sched_new();
	struct sim c[6] = { 0 };
	double total = 0, blocks = 200000;

	for (size_t i = 0; i < n; i++) {
		add(s, &c[i], 0, 0, weights[i]);
		total += weights[i];
	}
	for (int k = 0; k < blocks; k++)
		next(s, 0);
	for (size_t i = 0; i < n; i++)
		cr_assert_float_eq((double)c[i].blocks,
				   blocks * weights[i] / total,
				   0.02 * blocks * weights[i] / total);
	remove_all(s, c, n);
}

Test(sched, weights_hold_for_consumers_that_want_one_block_at_a_time)
{
	const unsigned int weights[] = { 1, 2, 4 };
	struct sched *s = sched_new();
	struct sim c[3] = { 0 };

	for (size_t i = 0; i < 3; i++)
		add(s, &c[i], 0, 0, weights[i]);
	for (int k = 0; k < 70000; k++) {
		struct sim *got = next(s, 0);

		sched_want(s, got->e, false);
		sched_want(s, got->e, true);
	}
	for (size_t i = 0; i < 3; i++)
		cr_assert_float_eq((double)c[i].blocks, 10000.0 * weights[i],
				   200.0 * weights[i]);
	remove_all(s, c, 3);
}

Test(sched, change_of_weight_takes_effect)
{
	struct sched *s = sched_new();
	struct sim c[2] = { 0 };
	const struct sched_limits three = { 0, 0, 3 };

	add(s, &c[0], 0, 0, 1000);
	add(s, &c[1], 0, 0, 1);
	next(s, 0);
	sched_set_limits(c[0].e, &three, 0);
	for (int k = 0; k < 4000; k++)
		next(s, 0);
	cr_assert_float_eq((double)c[0].blocks, 3000, 60);
	remove_all(s, c, 2);
}

/* Seconds of simulated time at a supply of blocks_s blocks a second. */
static void run(struct sched *s, uint64_t seconds, uint64_t blocks_s)
{
	for (uint64_t k = 0; k < seconds * blocks_s; k++)
		next(s, k * SEC / blocks_s);
}

Test(sched, rates_hold_over_an_hour)
{
	const uint64_t rates[] = { 1, 63, 64, 100, 999, 4099, 5000 };
	const size_t n = sizeof(rates) / sizeof(rates[0]);
	struct sched *s = sched_new();
	struct sim c[8] = { 0 };

	for (size_t i = 0; i < n; i++)
		add(s, &c[i], rates[i], 1024, 1);
	add(s, &c[n], 0, 0, 1);
	run(s, 3600, 1000);
	for (size_t i = 0; i < n; i++) {
		double want = (1024 + 3600.0 * (double)rates[i]) / SCHED_BLOCK;

		cr_assert_float_eq((double)c[i].blocks, want, 0.01 * want + 1);
		cr_assert_leq((double)c[i].blocks, want);
	}
	remove_all(s, c, n + 1);
}

Test(sched, rate_with_a_burst_of_one_block_is_never_exceeded)
{
	struct sched *s = sched_new();
	struct sim c[3] = { 0 };

	add(s, &c[0], 100, 64, 1);
	add(s, &c[1], 5000, 64, 1); /* every 12.8 ms, looked at every 2.5 ms */
	add(s, &c[2], 0, 0, 1);
	run(s, 3600, 400);
	cr_assert_float_eq((double)c[0].blocks, 3600 * 100 / 64.0, 56);
	cr_assert_leq(c[0].blocks, 1 + 3600 * 100 / 64);
	cr_assert_leq(c[1].blocks, 1 + 3600 * 5000 / 64);
	cr_assert_geq(c[1].blocks, 3600 * 5000 / 64 * 8 / 10);
	remove_all(s, c, 3);
}

Test(sched, burst_is_exact)
{
	struct sched *s = sched_new();
	struct sim c = { 0 };

	add(s, &c, 64, 10 * SCHED_BLOCK, 1);
	for (int i = 0; i < 10; i++)
		cr_assert_eq(next(s, 0), &c);
	cr_assert_null(next(s, 0));
	/* A long idle time fills it to the burst and no further. */
	for (int i = 0; i < 10; i++)
		cr_assert_eq(next(s, 100000 * SEC), &c);
	cr_assert_null(next(s, 100000 * SEC));
	remove_all(s, &c, 1);
}

Test(sched, burst_of_nothing_is_a_second_and_at_least_a_block)
{
	struct sched *s = sched_new();
	struct sim c[2] = { 0 };

	add(s, &c[0], 640, 0, 1);
	add(s, &c[1], 1, 0, 1);
	while (next(s, 0))
		;
	cr_assert_eq(c[0].blocks, 10);
	cr_assert_eq(c[1].blocks, 1);
	remove_all(s, c, 2);
}

Test(sched, throttled_consumer_waits_exactly_as_long_as_told)
{
	struct sched *s = sched_new();
	struct sim c = { 0 };

	add(s, &c, 100, 64, 1);
	cr_assert_eq(next(s, 0), &c);
	cr_assert_not(sched_is_throttled(c.e));
	cr_assert_null(next(s, 0));
	cr_assert(sched_is_throttled(c.e));
	cr_assert_eq(sched_throttled(c.e), 1);
	cr_assert_eq(sched_wait_us(s, 0), 640000);
	cr_assert_eq(sched_wait_us(s, 600000), 40000);
	cr_assert_eq(sched_wait_us(s, SEC), 0);
	cr_assert_null(next(s, 639999));
	cr_assert_eq(sched_throttled(c.e), 1, "counted once per wait");
	cr_assert_eq(next(s, 640000), &c);
	cr_assert_not(sched_is_throttled(c.e));
	remove_all(s, &c, 1);
}

Test(sched, throttled_consumer_that_wants_no_more_is_not_waited_for)
{
	struct sched *s = sched_new();
	struct sim c[2] = { 0 };

	add(s, &c[0], 64, 64, 1);
	add(s, &c[1], 32, 64, 1);
	while (next(s, 0))
		;
	cr_assert_eq(sched_wait_us(s, 0), SEC);
	sched_want(s, c[0].e, false);
	cr_assert_not(sched_is_throttled(c[0].e));
	cr_assert_eq(sched_wait_us(s, 0), 2 * SEC);
	sched_want(s, c[1].e, false);
	cr_assert_eq(sched_wait_us(s, 0), -1);
	sched_want(s, c[0].e, true);
	cr_assert_null(next(s, 1));
	cr_assert_eq(sched_wait_us(s, 1), SEC - 1);
	remove_all(s, c, 2);
}

Test(sched, lifted_limit_ends_the_wait)
{
	struct sched *s = sched_new();
	struct sim c = { 0 };
	const struct sched_limits slow = { 1, 64, 1 };

	add(s, &c, 1, 64, 1);
	next(s, 0);
	cr_assert_null(next(s, 0));
	sched_set_limits(c.e, &equal, 0);
	for (int i = 0; i < 100; i++)
		cr_assert_eq(next(s, 0), &c);
	sched_set_limits(c.e, &slow, 0);
	cr_assert_eq(next(s, 0), &c);
	cr_assert_null(next(s, 0));
	cr_assert_eq(sched_wait_us(s, 0), 64 * SEC);
	remove_all(s, &c, 1);
}

Test(sched, rate_limited_consumer_gets_its_rate_among_flooding_ones)
{
	struct sched *s = sched_new();
	static struct sim c[64];

	add(s, &c[0], 128, 128, 1); /* 2 blocks/s; a fair share is 6.25 */
	for (size_t i = 1; i < 64; i++)
		add(s, &c[i], 0, 0, 1);
	run(s, 600, 400);
	cr_assert_float_eq((double)c[0].blocks, 1200, 12);
	cr_assert_geq(jain(c + 1, 63), 0.99);
	remove_all(s, c, 64);
}

Test(sched, boot_reserve_goes_ahead_while_999_flood)
{
	struct sched *s = sched_new();
	static struct sim c[N];
	const unsigned int blocks = SCHED_BOOT_RESERVE / SCHED_BLOCK;

	for (size_t i = 1; i < N; i++)
		add(s, &c[i], 0, 0, 1);
	for (int k = 0; k < 1234; k++)
		next(s, 0);
	c[0].e = sched_add(s, &equal, &c[0], 0);
	sched_boot(s, c[0].e, SCHED_BOOT_RESERVE);
	for (int k = 0; k < 100; k++)
		cr_assert_neq(next(s, 0), &c[0], "wants nothing yet");
	sched_want(s, c[0].e, true);
	for (unsigned int k = 0; k < blocks; k++)
		cr_assert_eq(next(s, 0), &c[0]);
	for (int k = 0; k < N - 1; k++)
		cr_assert_neq(next(s, 0), &c[0], "no more than the reserve");
	remove_all(s, c, N);
}

Test(sched, boot_reserves_are_served_in_the_order_they_came)
{
	struct sched *s = sched_new();
	struct sim c[4] = { 0 };

	for (size_t i = 0; i < 4; i++)
		add(s, &c[i], 0, 0, 1);
	sched_boot(s, c[2].e, 129); /* three blocks */
	sched_boot(s, c[1].e, 64);
	for (int k = 0; k < 3; k++)
		cr_assert_eq(next(s, 0), &c[2]);
	cr_assert_eq(next(s, 0), &c[1]);
	cr_assert_eq(next(s, 0), &c[0]);
	cr_assert_eq(next(s, 0), &c[3]);
	remove_all(s, c, 4);
}

Test(sched, boot_reserve_is_kept_while_nothing_is_wanted)
{
	struct sched *s = sched_new();
	struct sim c[3] = { 0 };

	for (size_t i = 0; i < 3; i++)
		add(s, &c[i], 0, 0, 1);
	sched_boot(s, c[2].e, 128);
	cr_assert_eq(next(s, 0), &c[2]);
	sched_want(s, c[2].e, false);
	cr_assert_neq(next(s, 0), &c[2]);
	sched_want(s, c[2].e, true);
	cr_assert_eq(next(s, 0), &c[2]);
	cr_assert_neq(next(s, 0), &c[2]);
	remove_all(s, c, 3);
}

Test(sched, boot_reserve_may_be_called_off)
{
	struct sched *s = sched_new();
	struct sim c[3] = { 0 };

	for (size_t i = 0; i < 3; i++)
		add(s, &c[i], 0, 0, 1);
	sched_boot(s, c[2].e, 1024);
	cr_assert_eq(next(s, 0), &c[2]);
	sched_boot(s, c[2].e, 0);
	cr_assert_eq(next(s, 0), &c[0]);
	cr_assert_eq(next(s, 0), &c[1]);
	cr_assert_eq(next(s, 0), &c[2]);
	remove_all(s, c, 3);
}

Test(sched, boot_reserve_overdraws_the_bucket_once)
{
	struct sched *s = sched_new();
	struct sim c = { 0 };

	add(s, &c, 64, 64, 1);
	for (int start = 0; start < 100; start++) {
		sched_boot(s, c.e, SCHED_BOOT_RESERVE);
		while (next(s, 0))
			;
	}
	cr_assert_eq(c.blocks, 1 + SCHED_BOOT_RESERVE / SCHED_BLOCK);
	cr_assert_eq(sched_wait_us(s, 0), SEC);
	sched_boot(s, c.e, 0); /* now the overdraft is to be paid back */
	cr_assert_null(next(s, 0));
	cr_assert_eq(sched_wait_us(s, 0), 17 * SEC);
	remove_all(s, &c, 1);
}

Test(sched, boot_reserve_wakes_a_throttled_consumer)
{
	struct sched *s = sched_new();
	struct sim c = { 0 };

	add(s, &c, 1, 64, 1);
	next(s, 0);
	cr_assert_null(next(s, 0));
	sched_boot(s, c.e, 64);
	cr_assert_eq(next(s, 0), &c);
	cr_assert_null(next(s, 0));
	remove_all(s, &c, 1);
}

Test(sched, removal_from_every_place_leaves_the_rest_in_order)
{
	struct sched *s = sched_new();
	struct sim c[8] = { 0 };

	for (size_t i = 0; i < 8; i++)
		add(s, &c[i], i < 4 ? 64 : 0, 64, 1);
	for (int k = 0; k < 8; k++)
		next(s, 0); /* everybody is in OLD now */
	for (int k = 0; k < 4; k++)
		cr_assert_geq(next(s, 1) - c, 4); /* 0 to 3 are throttled */
	sched_boot(s, c[7].e, 1024);
	sched_remove(s, c[7].e); /* in BOOT */
	sched_remove(s, c[1].e); /* in the middle of the heap */
	sched_remove(s, c[4].e); /* at the head of OLD */
	cr_assert_eq(next(s, 2), &c[5]);
	cr_assert_eq(next(s, 2), &c[6]);
	sched_want(s, c[5].e, false);
	sched_want(s, c[6].e, false);
	cr_assert_null(next(s, 3));
	cr_assert_eq(sched_wait_us(s, 3), SEC - 3);
	for (int k = 0; k < 3; k++) {
		struct sim *got = next(s, SEC);

		cr_assert(got == &c[0] || got == &c[2] || got == &c[3]);
		sched_want(s, got->e, false);
	}
	cr_assert_null(next(s, SEC));
	sched_remove(s, c[0].e);
	sched_remove(s, c[2].e);
	sched_remove(s, c[3].e);
	sched_remove(s, c[5].e);
	sched_remove(s, c[6].e);
	sched_free(s);
}

static void ask_seldom(unsigned int weight)
{
	struct sched *s = sched_new();
	struct sim c[64] = { 0 };

	for (size_t i = 0; i < 64; i++)
		add(s, &c[i], 0, 0, i ? 1 : weight);
	sched_want(s, c[0].e, false);
	for (int k = 0; k < 1000; k++)
		next(s, 0);
	for (int ask = 0; ask < 100; ask++) {
		sched_want(s, c[0].e, true);
		cr_assert_eq(next(s, 0), &c[0]);
		sched_want(s, c[0].e, false);
		for (int k = 0; k < 127; k++)
			cr_assert_neq(next(s, 0), &c[0]);
	}
	remove_all(s, c, 64);
}

Test(sched, consumer_that_asks_seldom_is_served_at_once)
{
	ask_seldom(1);
	ask_seldom(4);
}

Test(sched, running_into_its_rate_gains_nothing)
{
	struct sched *s = sched_new();
	struct sim c[2] = { 0 };

	add(s, &c[0], 70 * SCHED_BLOCK, 128, 100);
	add(s, &c[1], 0, 0, 100);
	run(s, 1000, 100);
	cr_assert_leq(c[0].blocks, c[1].blocks);
	remove_all(s, c, 2);
}

Test(sched, want_storms_give_no_advantage)
{
	struct sched *s = sched_new();
	static struct sim c[64];

	for (size_t i = 0; i < 64; i++)
		add(s, &c[i], 0, 0, i < 8 ? 3 : 1);
	for (int k = 0; k < 80 * 1000; k++) {
		/* 0 to 3, and 8 to 11, storm in different rhythms. */
		for (size_t i = 0; i < 12; i++) {
			if (i >= 4 && i < 8)
				continue;
			sched_want(s, c[i].e, (k + (int)i) % 3 == 0);
			if (i % 2)
				sched_wait_us(s, 0);
			sched_want(s, c[i].e, true);
		}
		next(s, 0);
	}
	for (size_t i = 0; i < 64; i++)
		cr_assert_leq(c[i].blocks, (i < 8 ? 3 : 1) * 1000 * 102 / 100);
	remove_all(s, c, 64);
}

Test(sched, storm_between_blocks_gains_nothing_over_a_steady_consumer)
{
	struct sched *s = sched_new();
	struct sim c[10] = { 0 };

	for (size_t i = 0; i < 10; i++)
		add(s, &c[i], 0, 0, 5);
	for (int k = 0; k < 50000; k++) {
		struct sim *got = next(s, 0);

		/* 0 wants nothing for one block, 1 for two, ... */
		for (int i = 0; i < 5; i++)
			sched_want(s, c[i].e, k % (i + 2) == 0);
		cr_assert_not_null(got);
	}
	for (size_t i = 0; i < 5; i++)
		cr_assert_leq(c[i].blocks, c[9].blocks * 102 / 100);
	remove_all(s, c, 10);
}

Test(sched, turn_broken_off_is_not_started_anew)
{
	struct sched *s = sched_new();
	struct sim c[2] = { 0 };

	add(s, &c[0], 0, 0, 5);
	add(s, &c[1], 0, 0, 500);
	for (int k = 0; k < 100000; k++) {
		/* Takes four of a turn of five, then wants nothing. */
		sched_want(s, c[0].e, true);
		for (int i = 0; i < 4 && next(s, 0) == &c[0]; i++)
			;
		sched_want(s, c[0].e, false);
		next(s, 0);
	}
	cr_assert_leq(c[0].blocks * 100, c[1].blocks + 1000);
	remove_all(s, c, 2);
}

Test(sched, thousand_throttled_ones_do_not_hide_the_one_that_may)
{
	struct sched *s = sched_new();
	static struct sim c[N + 1];

	for (size_t i = 0; i < N; i++)
		add(s, &c[i], 1 + i % 7, 64, 1);
	add(s, &c[N], 0, 0, 1);
	for (size_t i = 0; i <= N; i++)
		next(s, 0);
	for (int k = 0; k < 1000; k++)
		cr_assert_eq(next(s, k), &c[N]);
	for (size_t i = 0; i < N; i++)
		cr_assert_eq(sched_throttled(c[i].e), 1);
	remove_all(s, c, N + 1);
}
