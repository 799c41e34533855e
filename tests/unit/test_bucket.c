#include "host-agent/bucket.h"

#include <criterion/criterion.h>

#define S 1000000u /* microseconds */

Test(bucket, starts_full_and_gives_its_size_exactly)
{
	struct bucket b;

	bucket_init(&b, 1000, 640, 5);
	for (int i = 0; i < 10; i++)
		cr_assert(bucket_take(&b, 64, 0, 5));
	cr_assert_not(bucket_take(&b, 64, 0, 5));
	cr_assert_not(bucket_take(&b, 1, 0, 5));
}

Test(bucket, without_a_rate_never_refuses)
{
	struct bucket b;

	bucket_init(&b, 0, 64, 0);
	for (int i = 0; i < 1000; i++)
		cr_assert(bucket_take(&b, 64, 0, 0));
	cr_assert_eq(bucket_when(&b, 64, 0, 77), 77);
}

Test(bucket, when_is_the_first_moment_that_succeeds)
{
	const uint64_t rates[] = { 1,	    3,	      7,	  63,
				   64,	    57600,    999983,	  1000000,
				   1000003, 12345678, 1ull << 40, UINT64_MAX };

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct bucket b;
		uint64_t now = 1;

		bucket_init(&b, rates[i], 64, now);
		for (int k = 0; k < 50; k++) {
			uint64_t when;

			cr_assert(bucket_take(&b, 64, 0, now));
			when = bucket_when(&b, 64, 0, now);
			cr_assert_gt(when, now);
			cr_assert_not(bucket_take(&b, 64, 0, when - 1));
			cr_assert_eq(bucket_when(&b, 64, 0, when - 1), when);
			now = when;
		}
	}
}

Test(bucket, looking_often_or_seldom_makes_no_difference)
{
	struct bucket often, seldom;

	bucket_init(&often, 999983, 1 << 20, 0);
	bucket_init(&seldom, 999983, 1 << 20, 0);
	for (int i = 0; i < 1 << 14; i++) {
		cr_assert(bucket_take(&often, 64, 0, 0));
		cr_assert(bucket_take(&seldom, 64, 0, 0));
	}
	for (uint64_t now = 1; now < S; now += 3)
		bucket_when(&often, 64, 0, now);
	bucket_when(&often, 64, 0, S);
	bucket_when(&seldom, 64, 0, S);
	cr_assert_eq(often.tokens, 999983);
	cr_assert_eq(often.frac, 0);
	cr_assert_eq(seldom.tokens, 999983);
	cr_assert_eq(seldom.frac, 0);
}

Test(bucket, survives_extreme_rates_and_the_longest_idle)
{
	struct bucket b;

	bucket_init(&b, UINT64_MAX, UINT64_MAX, 0);
	cr_assert_eq(b.tokens, BUCKET_MAX);
	cr_assert(bucket_take(&b, 64, 0, 0));
	cr_assert(bucket_take(&b, 64, 0, UINT64_MAX));
	cr_assert_eq(b.tokens, BUCKET_MAX - 64);
	bucket_init(&b, 1, 64, 0);
	cr_assert(bucket_take(&b, 64, 0, 0));
	cr_assert(bucket_take(&b, 64, 0, UINT64_MAX));
	cr_assert_eq(bucket_when(&b, 64, 0, UINT64_MAX), UINT64_MAX,
		     "the clock ends before");
}

Test(bucket, clock_going_back_stands_still)
{
	struct bucket b;

	bucket_init(&b, 64, 64, 10 * S);
	cr_assert(bucket_take(&b, 64, 0, 10 * S));
	cr_assert_not(bucket_take(&b, 64, 0, 0));
	cr_assert_eq(bucket_when(&b, 64, 0, 0), 11 * S);
	cr_assert_not(bucket_take(&b, 64, 0, 11 * S - 1));
	cr_assert(bucket_take(&b, 64, 0, 11 * S));
}

Test(bucket, overdraft_is_paid_back)
{
	struct bucket b;

	bucket_init(&b, 64, 64, 0);
	for (int i = 0; i < 17; i++)
		cr_assert(bucket_take(&b, 64, 1024, 0));
	cr_assert_eq(b.tokens, -1024);
	cr_assert_not(bucket_take(&b, 64, 1024, 0));
	cr_assert_eq(bucket_when(&b, 64, 1024, 0), 1 * S);
	cr_assert_eq(bucket_when(&b, 64, 0, 0), 17 * S);
	cr_assert_not(bucket_take(&b, 64, 0, 17 * S - 1));
	cr_assert(bucket_take(&b, 64, 0, 17 * S));
}

Test(bucket, change_of_limits_keeps_what_was_earned)
{
	struct bucket b;

	bucket_init(&b, 100, 1000, 0);
	cr_assert(bucket_take(&b, 1000, 0, 0));
	bucket_set(&b, 1, 1000, 5 * S); /* earned at the old rate */
	cr_assert_eq(b.tokens, 500);
	bucket_set(&b, 1, 200, 5 * S);
	cr_assert_eq(b.tokens, 200);
	bucket_set(&b, 0, 200, 5 * S);
	bucket_set(&b, 1, 300, 6 * S); /* full after no limit */
	cr_assert_eq(b.tokens, 300);
}
