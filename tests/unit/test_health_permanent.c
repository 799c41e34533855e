/*
 * Health tests at the permanent level: a run or window that failed is counted
 * on, and only that.
 */
#include "common/health.h"

#include <criterion/criterion.h>

#define OFF UINT16_MAX

static struct health health_only(enum health_test test)
{
	struct health_cutoffs cut;
	struct health h;

	cr_assert_eq(health_cutoffs(&cut, HEALTH_H_BYTE_DEFAULT,
				    HEALTH_H_BIT_DEFAULT),
		     0);
	for (int t = 0; t < HEALTH_TESTS; t++)
		if (t != (int)test)
			cut.c[t] = cut.permanent[t] = OFF;
	health_init(&h, &cut);
	return h;
}

static void feed_byte(struct health *h, uint8_t byte)
{
	health_feed(h, &byte, 1);
}

static void feed_equal(struct health *h, unsigned int count)
{
	while (count-- > 0)
		feed_byte(h, 0x5a);
}

static void assert_failed(const struct health *h, enum health_test test,
			  uint64_t at)
{
	cr_assert_eq(h->failed, test);
	cr_assert_eq(h->failed_at, at);
	cr_assert_eq(h->samples, at);
}

/* A window on bytes with so many of its first byte, no two in a row. */
static void feed_window(struct health *h, uint8_t reference,
			unsigned int references)
{
	for (unsigned int i = 0; i < HEALTH_APT_BYTE_WINDOW; i++)
		feed_byte(h, i % 2 == 0 && i / 2 < references
				     ? reference
				     : (uint8_t)(reference + 1 + i % 250));
}

/* Feeds equal bytes until settled; returns how many it took behind C. */
static unsigned int settle_with(struct health *h, uint8_t byte,
				unsigned int most)
{
	unsigned int n = 0;

	while (!h->settled && n < most) {
		feed_byte(h, byte);
		n++;
	}
	return n;
}

Test(health_permanent, cutoffs_are_those_of_the_design)
{
	struct health_cutoffs cut;

	cr_assert_eq(health_cutoffs(&cut, 4000, 800), 0);
	cr_assert_eq(cut.permanent[HEALTH_RCT_BYTE], 16);
	cr_assert_eq(cut.permanent[HEALTH_APT_BYTE], 92);
	cr_assert_eq(cut.permanent[HEALTH_RCT_BIT], 76);
	cr_assert_eq(cut.permanent[HEALTH_APT_BIT], 726);
}

Test(health_permanent, rct_byte_is_permanent_at_its_second_cutoff)
{
	struct health h = health_only(HEALTH_RCT_BYTE);

	feed_equal(&h, 9);
	cr_assert_not(h.settled);
	feed_equal(&h, 6);
	cr_assert_not(h.settled, "15 equal ones");
	feed_equal(&h, 1);
	cr_assert(h.settled && h.permanent);
	assert_failed(&h, HEALTH_RCT_BYTE, 9);
}

Test(health_permanent, rct_byte_is_settled_by_another_value)
{
	struct health h = health_only(HEALTH_RCT_BYTE);

	feed_equal(&h, 15);
	feed_byte(&h, 0x11);
	cr_assert(h.settled);
	cr_assert_not(h.permanent);
	feed_equal(&h, 100);
	cr_assert_not(h.permanent, "a later run belongs to no failure");
	assert_failed(&h, HEALTH_RCT_BYTE, 9);
}

Test(health_permanent, rct_bit_is_permanent_at_its_second_cutoff)
{
	struct health h = health_only(HEALTH_RCT_BIT);

	cr_assert_eq(settle_with(&h, 0, 100), 10, "76 bits end in byte 10");
	cr_assert(h.permanent);
	assert_failed(&h, HEALTH_RCT_BIT, 8);
	health_reset(&h);
	for (int i = 0; i < 9; i++)
		feed_byte(&h, 0);
	cr_assert_not(h.settled, "72 bits");
	feed_byte(&h, 0x10); /* 75 bits */
	feed_byte(&h, 0xaa);
	cr_assert(h.settled);
	cr_assert_not(h.permanent);
}

Test(health_permanent, apt_byte_is_settled_by_the_end_of_its_window)
{
	struct health h = health_only(HEALTH_APT_BYTE);

	feed_window(&h, 7, 91);
	cr_assert_eq(h.failed, HEALTH_APT_BYTE);
	cr_assert_not(h.settled, "91 of the window");
	feed_byte(&h, 7);
	cr_assert(h.settled);
	cr_assert_not(h.permanent);
	health_reset(&h);
	feed_window(&h, 7, 92);
	cr_assert(h.settled && h.permanent);
}

Test(health_permanent, apt_bit_is_permanent_at_its_second_cutoff)
{
	struct health h = health_only(HEALTH_APT_BIT);

	/* 7 of 8 ones: 684 in byte 98, 726 in byte 104 */
	cr_assert_eq(settle_with(&h, 0xef, 200), 104);
	cr_assert(h.permanent);
	assert_failed(&h, HEALTH_APT_BIT, 98);
}

Test(health_permanent, apt_bit_is_settled_by_the_end_of_its_window)
{
	struct health h = health_only(HEALTH_APT_BIT);

	for (int i = 0; i < 98; i++)
		feed_byte(&h, 0xef);
	cr_assert_eq(h.failed, HEALTH_APT_BIT);
	cr_assert_eq(settle_with(&h, 0x00, 200), 31, "30 bytes end the window");
	cr_assert_not(h.permanent);
}
