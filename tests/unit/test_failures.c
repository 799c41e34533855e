#include "host-agent/failures.h"

#include <criterion/criterion.h>

#define HOUR  FAILURES_US
#define START 123456789ull /* no clock starts at 0 */

/* Fails at each of these times; which one was too many, from 1; 0: none. */
static unsigned int one_too_many(struct failures *f, const uint64_t *at_us,
				 unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (failures_add(f, START + at_us[i]))
			return i + 1;
	return 0;
}

#define TOO_MANY(f, ...)                               \
	one_too_many(f, (const uint64_t[])__VA_ARGS__, \
		     sizeof((const uint64_t[])__VA_ARGS__) / sizeof(uint64_t))

Test(failures, fourth_within_an_hour_is_one_too_many)
{
	struct failures f = { 0 };

	cr_assert_eq(TOO_MANY(&f, { 0, 1, 2, 3 }), 4);
	failures_forget(&f);
	cr_assert_eq(TOO_MANY(&f, { 0, 0, 0, 0 }), 4, "at the same moment");
	failures_forget(&f);
	cr_assert_eq(TOO_MANY(&f, { 0, HOUR / 2, HOUR - 2, HOUR - 1 }), 4);
}

Test(failures, fourth_after_an_hour_is_borne)
{
	struct failures f = { 0 };

	cr_assert_eq(TOO_MANY(&f, { 0, HOUR / 2, HOUR - 1, HOUR }), 0);
	cr_assert(failures_add(&f, START + HOUR + 1), "three are not old");
}

Test(failures, the_hour_slides_over_the_last_three)
{
	struct failures f = { 0 };
	uint64_t at_us = START;

	/* for ever one more than every twenty minutes */
	for (int i = 0; i < 1000; i++, at_us += HOUR / 3)
		cr_assert_not(failures_add(&f, at_us), "failure %d", i);
	cr_assert(failures_add(&f, at_us - 1), "a microsecond early");
}

Test(failures, after_a_quiet_hour_three_more_are_borne)
{
	struct failures f = { 0 };

	cr_assert_eq(TOO_MANY(&f, { 0, 1, 2 }), 0);
	cr_assert_eq(TOO_MANY(&f, { HOUR + 2, HOUR + 3, HOUR + 4 }), 0);
	cr_assert_eq(TOO_MANY(&f, { HOUR + 5 }), 1);
}

Test(failures, one_too_many_is_followed_by_one_too_many)
{
	struct failures f = { 0 };

	cr_assert_eq(TOO_MANY(&f, { 0, 1, 2, 3 }), 4);
	cr_assert_eq(TOO_MANY(&f, { 4 }), 1);
}

Test(failures, forgotten_ones_do_not_count)
{
	struct failures f = { 0 };

	for (int i = 0; i < 3; i++) {
		cr_assert_eq(TOO_MANY(&f, { 0, 1, 2 }), 0);
		failures_forget(&f);
	}
}

Test(failures, recent_ones_are_less_than_an_hour_old)
{
	struct failures f = { 0 };

	cr_assert_eq(failures_recent(&f, START), 0);
	for (unsigned int i = 0; i < 5; i++) {
		failures_add(&f, START + i);
		cr_assert_eq(failures_recent(&f, START + i), i < 3 ? i + 1 : 3);
	}
	cr_assert_eq(failures_recent(&f, START + 2 + HOUR - 1), 3);
	cr_assert_eq(failures_recent(&f, START + 2 + HOUR), 2);
	cr_assert_eq(failures_recent(&f, START + 4 + HOUR), 0);
}
