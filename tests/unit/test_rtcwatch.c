/*
 * test_rtcwatch.c - absences that only the real-time clock shows
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest-agent/rtcwatch.h"

static char root[] = "/tmp/onerng-rtc.XXXXXX";
static char path[64];
static struct rtcwatch w;

static void set_text(const char *text)
{
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f);
	fputs(text, f);
	fclose(f);
}

static void set_rtc(long seconds)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld\n", seconds);
	set_text(text);
}

static void setup(void)
{
	cr_assert_not_null(mkdtemp(root));
	snprintf(path, sizeof(path), "%s/since_epoch", root);
	set_rtc(1000000);
	rtcwatch_open(&w, path);
	cr_assert(!rtcwatch_jumped(&w, 5000), "the first look is the mark");
}

static void teardown(void)
{
	char command[64];

	rtcwatch_close(&w);
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	cr_assert_eq(system(command), 0);
}

TestSuite(rtcwatch, .init = setup, .fini = teardown);

Test(rtcwatch, clocks_that_go_together_are_no_jump)
{
	for (long ms = 0; ms < 100000; ms += 500) {
		set_rtc(1000000 + ms / 1000);
		cr_assert(!rtcwatch_jumped(&w, 5000 + ms), "at %ld ms", ms);
	}
}

Test(rtcwatch, longest_absence_that_is_not_noticed_is_two_seconds)
{
	set_rtc(1000002);
	cr_assert(!rtcwatch_jumped(&w, 5000));
	set_rtc(1000003);
	cr_assert(rtcwatch_jumped(&w, 5000));
}

Test(rtcwatch, jump_is_told_once)
{
	set_rtc(1003600);
	cr_assert(rtcwatch_jumped(&w, 5500));
	cr_assert(!rtcwatch_jumped(&w, 6000));
}

Test(rtcwatch, clock_that_goes_back_is_a_jump)
{
	set_rtc(900000);
	cr_assert(rtcwatch_jumped(&w, 5500));
}

Test(rtcwatch, drift_of_minutes_in_a_day_is_no_jump)
{
	/* 1 s in 500: far more than any clock has */
	for (long s = 0; s < 86400; s++) {
		set_rtc(1000000 + s + s / 500);
		cr_assert(!rtcwatch_jumped(&w, 5000 + s * 1000), "at %ld s", s);
	}
}

Test(rtcwatch, jump_after_drift_is_noticed)
{
	for (long s = 0; s < 2000; s++) {
		set_rtc(1000000 + s + s / 500);
		cr_assert(!rtcwatch_jumped(&w, 5000 + s * 1000));
	}
	set_rtc(1000000 + 2000 + 4 + 4);
	cr_assert(rtcwatch_jumped(&w, 5000 + 2000 * 1000));
}

Test(rtcwatch, what_is_no_number_is_no_jump)
{
	static const char *const bad[] = {
		"", "\n", "x\n", "-5\n", "99999999999999999999\n", " 7\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		set_text(bad[i]);
		cr_assert(!rtcwatch_jumped(&w, 5000), "'%s'", bad[i]);
	}
	set_rtc(1000000);
	cr_assert(!rtcwatch_jumped(&w, 5000));
}

Test(rtcwatch, missing_clock_never_jumps)
{
	struct rtcwatch none;

	rtcwatch_open(&none, "/nonexistent/since_epoch");
	cr_assert_eq(none.fd, -1);
	cr_assert(!rtcwatch_jumped(&none, 5000));
	rtcwatch_close(&none);
}

Test(rtcwatch, vmgenid_is_there_with_a_device_only)
{
	char link[96];

	cr_assert(!rtcwatch_has_vmgenid("/nonexistent"));
	cr_assert(!rtcwatch_has_vmgenid(root));
	snprintf(link, sizeof(link), "%s/module", root);
	cr_assert_eq(symlink("/", link), 0);
	cr_assert(!rtcwatch_has_vmgenid(root));
	snprintf(link, sizeof(link), "%s/QEMUVGID:00", root);
	cr_assert_eq(symlink("/", link), 0);
	cr_assert(rtcwatch_has_vmgenid(root));
}
