#include "ctl/retry.h"

#include <criterion/criterion.h>

Test(retry, it_waits_twice_as_long_each_time_up_to_a_bound)
{
	struct retry r = { .first_ms = 250, .max_ms = 1500 };

	cr_assert(retry_is_due(&r, 0));
	retry_failed(&r, 1000);
	cr_assert(!retry_is_due(&r, 1249));
	cr_assert(retry_is_due(&r, 1250));
	retry_failed(&r, 2000);
	cr_assert_eq(r.due_ms, 2500);
	retry_failed(&r, 3000);
	cr_assert_eq(r.due_ms, 4000);
	retry_failed(&r, 5000);
	cr_assert_eq(r.due_ms, 6500);
	retry_failed(&r, 7000);
	cr_assert_eq(r.due_ms, 8500);
}

Test(retry, after_success_it_begins_again)
{
	struct retry r = { .first_ms = 250, .max_ms = 1500 };

	retry_failed(&r, 0);
	retry_failed(&r, 0);
	retry_well(&r);
	retry_failed(&r, 10000);
	cr_assert_eq(r.due_ms, 10250);
}

Test(retry, its_clock_runs)
{
	uint64_t before = retry_now_ms();

	cr_assert_gt(before, 0);
	cr_assert_geq(retry_now_ms(), before);
}
