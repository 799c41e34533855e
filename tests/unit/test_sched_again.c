/* Several blocks in one turn. */
#include "tests/unit/sched_fixture.h"

Test(sched_again, more_in_the_same_turn_is_charged_and_ends_with_the_bucket)
{
	struct sched *s = sched_new();
	struct sim c[2] = { 0 };

	add(s, &c[0], 64, 256, 1);
	add(s, &c[1], 0, 0, 1);
	while (next(s, 0) != &c[0])
		;
	for (int i = 0; i < 3; i++)
		cr_assert(sched_again(c[0].e, 0));
	cr_assert(!sched_again(c[0].e, 0));
	for (int i = 0; i < 3; i++)
		cr_assert_eq(next(s, 0), &c[1]);
	cr_assert_eq(sched_throttled(c[0].e), 1);
	cr_assert_eq(next(s, 1000000), &c[0]);
	cr_assert(!sched_again(c[0].e, 1000000));
	remove_all(s, c, 2);
}

Test(sched_again, more_in_the_same_turn_keeps_weights)
{
	struct sched *s = sched_new();
	size_t got[2] = { 0 };
	struct sim c[2] = { 0 };

	add(s, &c[0], 0, 0, 1);
	add(s, &c[1], 0, 0, 3);
	for (int i = 0; i < 4000; i++) {
		struct sim *n = next(s, 0);

		got[n - c]++;
		for (int k = 1; k < 16 && sched_again(n->e, 0); k++)
			got[n - c]++;
	}
	cr_assert_eq(got[1], 3 * got[0]);
	remove_all(s, c, 2);
}

Test(sched_again, more_in_the_same_turn_uses_the_boot_reserve)
{
	struct sched *s = sched_new();
	struct sim c[2] = { 0 };

	add(s, &c[0], 64, 64, 1);
	add(s, &c[1], 0, 0, 1);
	sched_boot(s, c[0].e, SCHED_BOOT_RESERVE);
	cr_assert_eq(next(s, 0), &c[0]);
	for (int i = 1; i < 16; i++)
		cr_assert(sched_again(c[0].e, 0));
	/* used up: what is charged above the bucket may not grow */
	cr_assert(!sched_again(c[0].e, 0));
	cr_assert_eq(next(s, 0), &c[1]);
	remove_all(s, c, 2);
}
