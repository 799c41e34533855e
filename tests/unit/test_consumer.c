#include "host-agent/consumer.h"
#include "host-agent/latency.h"

#include <criterion/criterion.h>

Test(latency, nothing_counted_is_zero)
{
	struct latency l = { .count = 0 };

	cr_assert_eq(latency_permille(&l, 500), 0);
	cr_assert_eq(latency_permille(&l, 1000), 0);
}

Test(latency, one_value_is_every_percentile)
{
	struct latency l = { .count = 0 };

	latency_add(&l, 1234567);
	cr_assert_eq(latency_permille(&l, 0), 1234567);
	cr_assert_eq(latency_permille(&l, 500), 1234567);
	cr_assert_eq(latency_permille(&l, 1000), 1234567);
}

Test(latency, first_is_the_first_behind_a_mark)
{
	struct latency l = { .count = 0 };

	latency_add(&l, 5);
	cr_assert(!l.known);
	latency_mark(&l);
	cr_assert(!l.known);
	latency_add(&l, 700);
	latency_add(&l, 3);
	cr_assert(l.known);
	cr_assert_eq(l.first_us, 700);
	latency_mark(&l);
	cr_assert(!l.known);
	latency_add(&l, 0);
	cr_assert(l.known);
	cr_assert_eq(l.first_us, 0);
	cr_assert_eq(l.count, 4);
}

Test(latency, percentiles_are_at_most_an_eighth_too_high)
{
	struct latency l = { .count = 0 };
	uint64_t us, got;

	for (us = 1; us <= 100000; us++)
		latency_add(&l, us);
	cr_assert_eq(l.count, 100000);
	cr_assert_eq(l.max_us, 100000);
	got = latency_permille(&l, 500);
	cr_assert(got >= 50000 && got <= 56250, "%lu", got);
	got = latency_permille(&l, 990);
	cr_assert(got >= 99000 && got <= 100000, "%lu", got);
	cr_assert_eq(latency_permille(&l, 1000), 100000);
}

Test(latency, every_value_fits_a_bucket_whose_bound_is_not_below_it)
{
	unsigned int bit;
	uint64_t us;

	for (bit = 0; bit < 64; bit++) {
		for (us = (1ull << bit) - 1; us <= (1ull << bit) + 1; us++) {
			struct latency l = { .count = 0 };

			latency_add(&l, us);
			/* pushes max_us out of the way of the bucket's bound */
			l.max_us = UINT64_MAX;
			if (us >> LATENCY_BITS)
				continue;
			cr_assert_geq(latency_permille(&l, 1000), us);
			cr_assert_leq(latency_permille(&l, 1000), us + us / 8);
		}
	}
}

Test(latency, the_longest_share_the_last_bucket)
{
	struct latency l = { .count = 0 };

	latency_add(&l, UINT64_MAX);
	latency_add(&l, 1ull << LATENCY_BITS);
	latency_add(&l, (1ull << LATENCY_BITS) - 1);
	cr_assert_eq(l.bucket[LATENCY_BUCKETS - 1], 3);
}

Test(consumer, another_pid_or_start_time_is_another_process)
{
	struct consumer_peer a = { .pid = 10, .start = 5 }, b = a;
	struct consumer_peer nobody = { .pid = 0 };

	cr_assert(!consumer_peer_is_new(&a, &b));
	b.start = 6;
	cr_assert(consumer_peer_is_new(&a, &b));
	b = a;
	b.pid = 11;
	cr_assert(consumer_peer_is_new(&a, &b));
	cr_assert(consumer_peer_is_new(&nobody, &a));
}

Test(consumer, counts_stop_at_their_maximum)
{
	cr_assert_eq(consumer_add(1, 2), 3);
	cr_assert_eq(consumer_add(UINT64_MAX - 1, 1), UINT64_MAX);
	cr_assert_eq(consumer_add(UINT64_MAX, 255), UINT64_MAX);
}

Test(consumer, a_container_goes_ahead_once_in_a_while)
{
	struct consumer c = { .kind = CONSUMER_CONTAINER };
	uint64_t at = 5;

	cr_assert(consumer_may_boot(&c, at));
	cr_assert_not(consumer_may_boot(&c, at));
	cr_assert_not(consumer_may_boot(&c, at + CONSUMER_BOOT_GAP_US - 1));
	cr_assert(consumer_may_boot(&c, at + CONSUMER_BOOT_GAP_US));
	cr_assert_not(consumer_may_boot(&c, at + CONSUMER_BOOT_GAP_US + 1));
}

Test(consumer, a_domain_goes_ahead_at_each_start)
{
	struct consumer c = { .kind = CONSUMER_DOMAIN };

	cr_assert(consumer_may_boot(&c, 5));
	cr_assert(consumer_may_boot(&c, 5));
}

Test(consumer, kinds_have_names)
{
	cr_assert_str_eq(consumer_kind_name(CONSUMER_DOMAIN), "domain");
	cr_assert_str_eq(consumer_kind_name(CONSUMER_HOST), "host");
}
