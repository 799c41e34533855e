#include "host-agent/generation.h"

#include <criterion/criterion.h>

static const struct consumer_peer first = { .pid = 10, .start = 100 };
static const struct consumer_peer second = { .pid = 11, .start = 200 };
static const struct consumer_peer recycled = { .pid = 10, .start = 300 };

static struct consumer_domain d;

static void told(uint64_t second_of_day)
{
	generation_told(&d, second_of_day * 1000000);
}

static bool arrives(const struct consumer_peer *peer, uint64_t second_of_day)
{
	return generation_arrives(&d, peer, second_of_day * 1000000);
}

static void is(uint64_t generation, enum consumer_origin origin)
{
	cr_expect_eq(d.generation, generation, "generation %llu, not %llu",
		     (unsigned long long)d.generation,
		     (unsigned long long)generation);
	cr_expect_eq(d.origin, origin);
}

Test(generation, what_was_told_is_counted_once)
{
	told(1);
	cr_expect_not(arrives(&first, 2));
	is(1, CONSUMER_ORIGIN_START);
	cr_expect_not(arrives(&first, 3), "it reconnects");
	is(1, CONSUMER_ORIGIN_START);
	generation_ended(&d);
	told(4);
	cr_expect_not(arrives(&second, 5));
	is(2, CONSUMER_ORIGIN_START);
}

Test(generation, another_qemu_that_nobody_told_of_is_counted)
{
	told(1);
	arrives(&first, 2);
	generation_ended(&d);
	d.phase = CONSUMER_STOPPED;
	d.released_us = 3;
	d.unsaved = false;
	cr_expect(arrives(&second, 100));
	is(2, CONSUMER_ORIGIN_NONE);
	cr_expect(d.unsaved);
	cr_expect_eq(d.phase, CONSUMER_RUNNING);
	cr_expect_eq(d.released_us, 0);
	cr_expect_not(arrives(&second, 101));
	is(2, CONSUMER_ORIGIN_NONE);
	cr_expect(arrives(&recycled, 200));
	cr_expect(arrives(&first, 300), "a process id is no process");
	is(4, CONSUMER_ORIGIN_NONE);
}

Test(generation, the_first_that_is_seen_may_have_run_for_long)
{
	cr_expect_not(arrives(&first, 1));
	is(0, CONSUMER_ORIGIN_NONE);
	cr_expect_eq(d.phase, CONSUMER_UNKNOWN);
	cr_expect(arrives(&second, 2));
	is(1, CONSUMER_ORIGIN_NONE);
	cr_expect_eq(d.phase, CONSUMER_UNKNOWN, "libvirt told nothing of it");
}

Test(generation, a_word_that_comes_late_counts_nothing_twice)
{
	arrives(&first, 1);
	d.next = CONSUMER_ORIGIN_RESTORE;
	cr_expect(arrives(&second, 2));
	is(1, CONSUMER_ORIGIN_RESTORE);
	d.next = CONSUMER_ORIGIN_MIGRATE;
	told(2 + GENERATION_LATE_S - 1);
	is(1, CONSUMER_ORIGIN_MIGRATE);
	cr_expect_not(d.boot_due, "it is there already");
	told(2 + GENERATION_LATE_S - 1);
	is(2, CONSUMER_ORIGIN_START);
}

Test(generation, a_word_that_comes_later_is_another_start)
{
	arrives(&first, 1);
	arrives(&second, 2);
	told(2 + GENERATION_LATE_S);
	is(2, CONSUMER_ORIGIN_START);
	cr_expect(d.boot_due);
	arrives(&first, 20);
	arrives(&second, 30);
	is(3, CONSUMER_ORIGIN_NONE);
	generation_ended(&d);
	told(31);
	is(4, CONSUMER_ORIGIN_START);
}
