#include "host-agent/reconcile.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MARK 1000000000ull /* us */
#define OLD  (MARK - RECONCILE_COMING_US)
#define JUST (MARK - 1)
#define S    1000000ull

static struct consumer c;

static void setup(void)
{
	memset(&c, 0, sizeof(c));
	c.kind = CONSUMER_DOMAIN;
	c.domain.told_us = OLD;
}

TestSuite(reconcile, .init = setup);

static void is(enum consumer_phase phase, enum reconcile_state state,
	       enum reconcile_verdict verdict)
{
	c.domain.phase = phase;
	cr_assert_eq(reconcile_domain(&c, state, MARK), verdict,
		     "phase %d, state %d: not %d", (int)phase, (int)state,
		     (int)verdict);
}

Test(reconcile, what_agrees_is_kept)
{
	is(CONSUMER_RUNNING, RECONCILE_RUNNING, RECONCILE_KEEP);
	is(CONSUMER_STOPPED, RECONCILE_DOWN, RECONCILE_KEEP);
	is(CONSUMER_STOPPED, RECONCILE_ABSENT, RECONCILE_KEEP);
	is(CONSUMER_UNKNOWN, RECONCILE_DOWN, RECONCILE_KEEP);
	is(CONSUMER_UNKNOWN, RECONCILE_ABSENT, RECONCILE_KEEP);
	is(CONSUMER_STOPPED, RECONCILE_UNDEFINED, RECONCILE_KEEP);
}

Test(reconcile, a_start_that_was_not_told_is_put_right)
{
	is(CONSUMER_UNKNOWN, RECONCILE_RUNNING, RECONCILE_RUNS);
	is(CONSUMER_STOPPED, RECONCILE_RUNNING, RECONCILE_RUNS);
	is(CONSUMER_PREPARING, RECONCILE_RUNNING, RECONCILE_RUNS);
	is(CONSUMER_STARTING, RECONCILE_RUNNING, RECONCILE_RUNS);
}

Test(reconcile, an_end_that_was_not_told_is_put_right)
{
	is(CONSUMER_PREPARING, RECONCILE_DOWN, RECONCILE_ENDED);
	is(CONSUMER_STARTING, RECONCILE_DOWN, RECONCILE_ENDED);
	is(CONSUMER_RUNNING, RECONCILE_DOWN, RECONCILE_ENDED);
	is(CONSUMER_RUNNING, RECONCILE_ABSENT, RECONCILE_ENDED);
	is(CONSUMER_RUNNING, RECONCILE_UNDEFINED, RECONCILE_ENDED);
}

Test(reconcile, what_the_hook_told_since_the_mark_is_newer)
{
	int phase, state;

	c.domain.told_us = MARK + 1;
	for (phase = CONSUMER_UNKNOWN; phase <= CONSUMER_STOPPED; phase++)
		for (state = RECONCILE_RUNNING; state <= RECONCILE_ABSENT;
		     state++)
			is((enum consumer_phase)phase,
			   (enum reconcile_state)state, RECONCILE_KEEP);
}

Test(reconcile, what_it_told_just_before_is_not_overruled_yet)
{
	c.domain.told_us = JUST;
	is(CONSUMER_STOPPED, RECONCILE_RUNNING, RECONCILE_LATER);
	is(CONSUMER_STARTING, RECONCILE_RUNNING, RECONCILE_LATER);
	is(CONSUMER_PREPARING, RECONCILE_ABSENT, RECONCILE_LATER);
	is(CONSUMER_RUNNING, RECONCILE_DOWN, RECONCILE_LATER);
	/* nor is anything that agrees made late by it */
	is(CONSUMER_RUNNING, RECONCILE_RUNNING, RECONCILE_KEEP);
	is(CONSUMER_STOPPED, RECONCILE_DOWN, RECONCILE_KEEP);
	c.domain.told_us = MARK - RECONCILE_GUARD_US + 1;
	is(CONSUMER_RUNNING, RECONCILE_DOWN, RECONCILE_LATER);
	c.domain.told_us = MARK - RECONCILE_GUARD_US;
	is(CONSUMER_RUNNING, RECONCILE_DOWN, RECONCILE_ENDED);
	/* what was never told is no reason to wait */
	c.domain.told_us = 0;
	cr_assert_eq(reconcile_domain(&c, RECONCILE_DOWN, 1), RECONCILE_ENDED);
}

Test(reconcile, one_that_restores_or_migrates_in_has_longer)
{
	c.domain.next = CONSUMER_ORIGIN_MIGRATE;
	c.domain.told_us = MARK - RECONCILE_COMING_US + 1;
	is(CONSUMER_PREPARING, RECONCILE_ABSENT, RECONCILE_LATER);
	c.domain.told_us = MARK - RECONCILE_COMING_US;
	is(CONSUMER_PREPARING, RECONCILE_ABSENT, RECONCILE_ENDED);
}

Test(reconcile, one_whose_qemu_is_connected_is_not_down)
{
	c.connected = true;
	is(CONSUMER_RUNNING, RECONCILE_DOWN, RECONCILE_LATER);
	is(CONSUMER_RUNNING, RECONCILE_ABSENT, RECONCILE_LATER);
	c.domain.dynamic = true;
	is(CONSUMER_RUNNING, RECONCILE_UNDEFINED, RECONCILE_LATER);
	is(CONSUMER_STOPPED, RECONCILE_UNDEFINED, RECONCILE_KEEP);
}

Test(reconcile, an_undefined_one_is_forgotten_if_nobody_configured_it)
{
	c.domain.dynamic = true;
	is(CONSUMER_STOPPED, RECONCILE_UNDEFINED, RECONCILE_FORGET);
	is(CONSUMER_RUNNING, RECONCILE_UNDEFINED, RECONCILE_FORGET);
	/* its release, told just before, is no reason to keep it */
	c.domain.told_us = JUST;
	is(CONSUMER_STOPPED, RECONCILE_UNDEFINED, RECONCILE_FORGET);
	is(CONSUMER_PREPARING, RECONCILE_UNDEFINED, RECONCILE_LATER);
	/* one that merely is not there may be started again */
	is(CONSUMER_STOPPED, RECONCILE_ABSENT, RECONCILE_KEEP);
}

Test(reconcile, a_device_comes_back_when_its_domain_is_down)
{
	cr_assert_eq(reconcile_device(OLD, false, RECONCILE_DOWN, MARK),
		     RECONCILE_ENDED);
	cr_assert_eq(reconcile_device(OLD, false, RECONCILE_ABSENT, MARK),
		     RECONCILE_ENDED);
	cr_assert_eq(reconcile_device(OLD, true, RECONCILE_ABSENT, MARK),
		     RECONCILE_LATER);
	cr_assert_eq(reconcile_device(JUST, false, RECONCILE_DOWN, MARK),
		     RECONCILE_LATER);
	cr_assert_eq(reconcile_device(MARK + 1, false, RECONCILE_DOWN, MARK),
		     RECONCILE_KEEP);
	cr_assert_eq(reconcile_device(OLD, false, RECONCILE_RUNNING, MARK),
		     RECONCILE_KEEP);
}

Test(reconcile, a_device_that_a_domain_has_is_let_go_unless_the_hook_is_ahead)
{
	struct consumer one = { .kind = CONSUMER_DOMAIN };

	cr_assert_eq(reconcile_passed(NULL, 0, MARK), RECONCILE_RUNS);
	cr_assert_eq(reconcile_passed(NULL, OLD, MARK), RECONCILE_RUNS);
	cr_assert_eq(reconcile_passed(NULL, JUST, MARK), RECONCILE_LATER);
	cr_assert_eq(reconcile_passed(NULL, MARK + 1, MARK), RECONCILE_KEEP);
	cr_assert_eq(reconcile_passed(&one, 0, MARK), RECONCILE_RUNS);
	one.domain.told_us = MARK + 1;
	cr_assert_eq(reconcile_passed(&one, 0, MARK), RECONCILE_KEEP);
	one.domain.told_us = JUST;
	one.domain.phase = CONSUMER_STOPPED;
	cr_assert_eq(reconcile_passed(&one, 0, MARK), RECONCILE_LATER);
	one.domain.phase = CONSUMER_RUNNING;
	cr_assert_eq(reconcile_passed(&one, 0, MARK), RECONCILE_RUNS);
}

static void add(struct reconcile_set *set, unsigned int n,
		enum reconcile_state state)
{
	struct reconcile_seen seen = { .state = state };

	snprintf(seen.uuid, sizeof(seen.uuid), "%u", n);
	cr_assert_eq(reconcile_add(set, &seen), 0);
}

Test(reconcile, a_set_is_searched_and_has_an_end)
{
	struct reconcile_set set = { .count = 0 };
	struct reconcile_seen seen = { .state = RECONCILE_DOWN };
	unsigned int i;

	reconcile_begin(&set, true, MARK);
	reconcile_sort(&set);
	cr_assert_null(reconcile_find(&set, "1"));
	add(&set, 7, RECONCILE_RUNNING);
	add(&set, 7, RECONCILE_RUNNING);
	reconcile_sort(&set);
	cr_assert_eq(set.count, 1);
	reconcile_begin(&set, false, MARK);
	cr_assert_eq(set.count, 0);
	for (i = 0; i < RECONCILE_MAX; i++)
		add(&set, (i * 4001) % RECONCILE_MAX,
		    i % 2 ? RECONCILE_RUNNING : RECONCILE_DOWN);
	cr_assert_eq(reconcile_add(&set, &seen), -ENOSPC);
	reconcile_sort(&set);
	cr_assert_eq(set.count, RECONCILE_MAX);
	cr_assert_str_eq(reconcile_find(&set, "4001")->uuid, "4001");
	cr_assert_null(reconcile_find(&set, "8192"));
	cr_assert_null(reconcile_find(
		&set, "a name that is longer than any UUID can ever be"));
	reconcile_end(&set);
	cr_assert_null(reconcile_find(&set, "1"));
}
