/*
 * test_rtcwatch.c - absences that only the real-time clock shows
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest-agent/rtcwatch.h"
#include "tests/unit/folder.h"

static char path[64];
static struct rtcwatch w;

static void set_text(const char *text)
{
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f);
	fputs(text, f);
	fclose(f);
}

/* The clock at a time, in ms, when it is ahead_ms ahead. */
static bool looks(long ms, long ahead_ms)
{
	return rtcwatch_note(&w, (ms + ahead_ms) / 1000, ms * 1000,
			     ms * 1000 + 200);
}

/* Four looks a second, from one time to another.  Any jump? */
static bool looks_until(long ms, long end_ms, long ahead_ms)
{
	bool jumped = false;

	for (; ms < end_ms; ms += 250)
		jumped |= looks(ms, ahead_ms);
	return jumped;
}

#define AHEAD_MS 1000000370

static void setup(void)
{
	folder_make();
	snprintf(path, sizeof(path), "%s/since_epoch", folder);
	set_text("1000000\n");
	rtcwatch_open(&w, path);
	cr_assert(!looks_until(5000, 15000, AHEAD_MS));
}

static void teardown(void)
{
	rtcwatch_close(&w);
	folder_remove();
}

TestSuite(rtcwatch, .init = setup, .fini = teardown);

Test(rtcwatch, first_look_is_no_jump)
{
	struct rtcwatch fresh = { .fd = -1 };

	cr_assert(!rtcwatch_note(&fresh, 1000000, 5000000, 5000100));
	cr_assert(!rtcwatch_note(&fresh, 1000000, 5250000, 5250100));
}

Test(rtcwatch, clocks_that_go_together_are_no_jump)
{
	for (long step = 1; step < 1000; step += 7)
		for (long ms = 15000; ms < 25000; ms += step)
			cr_assert(!looks(ms, AHEAD_MS), "at %ld ms", ms);
}

Test(rtcwatch, absence_of_a_second_and_a_half_is_noticed_by_the_first_look)
{
	/* whatever part of a second has passed */
	for (long phase = 0; phase < 1000; phase += 10) {
		w.known = false;
		cr_assert(!looks_until(15000, 20000, AHEAD_MS + phase));
		cr_assert(looks(20000, AHEAD_MS + phase + 1505), "%ld", phase);
	}
}

Test(rtcwatch, absence_of_750_ms_is_noticed_within_a_second)
{
	for (long phase = 0; phase < 1000; phase += 10) {
		w.known = false;
		cr_assert(!looks_until(15000, 20000, AHEAD_MS + phase));
		cr_assert(looks_until(20000, 21250, AHEAD_MS + phase + 755),
			  "%ld", phase);
	}
}

Test(rtcwatch, less_than_its_tolerance_is_drift)
{
	for (long phase = 0; phase < 1000; phase += 10) {
		w.known = false;
		cr_assert(!looks_until(15000, 20000, AHEAD_MS + phase));
		cr_assert(!looks_until(20000, 30000, AHEAD_MS + phase + 240));
		cr_assert(!looks_until(30000, 40000, AHEAD_MS + phase));
	}
}

Test(rtcwatch, slow_look_is_no_jump)
{
	/* between reading one clock and the other somebody else ran */
	cr_assert(!rtcwatch_note(&w, (15000 + AHEAD_MS) / 1000, 15000000,
				 19000000));
	cr_assert(!rtcwatch_note(&w, (22000 + AHEAD_MS) / 1000, 19000000,
				 22000000));
	cr_assert(!looks_until(22000, 30000, AHEAD_MS));
}

Test(rtcwatch, jump_is_told_once)
{
	cr_assert(looks(15000, AHEAD_MS + 3600000));
	cr_assert(!looks_until(15250, 30000, AHEAD_MS + 3600000));
}

Test(rtcwatch, clock_that_goes_back_is_a_jump)
{
	cr_assert(looks(15000, AHEAD_MS - 1500));
	cr_assert(!looks_until(15250, 30000, AHEAD_MS - 1500));
}

Test(rtcwatch, drift_of_minutes_in_a_day_is_no_jump)
{
	/* 1 s in 500, and once in a minute or four times in a second */
	for (long ms = 15000; ms < 600000; ms += 250)
		cr_assert(!looks(ms, AHEAD_MS + ms / 500), "at %ld ms", ms);
	for (long ms = 600000; ms < 86400000; ms += 60000)
		cr_assert(!looks(ms, AHEAD_MS + ms / 500), "at %ld ms", ms);
}

Test(rtcwatch, jump_after_drift_is_noticed)
{
	for (long ms = 15000; ms < 600000; ms += 250)
		cr_assert(!looks(ms, AHEAD_MS + ms / 500));
	cr_assert(looks(600000, AHEAD_MS + 1200 + 1600));
}

Test(rtcwatch, the_file_is_read_again_each_time)
{
	w.known = false;
	cr_assert(!rtcwatch_jumped(&w));
	set_text("1000000000\n");
	cr_assert(rtcwatch_jumped(&w));
	cr_assert(!rtcwatch_jumped(&w));
}

Test(rtcwatch, what_is_no_number_is_no_jump)
{
	static const char *const bad[] = {
		"", "\n", "x\n", "-5\n", "99999999999999999999\n", " 7\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		set_text(bad[i]);
		cr_assert(!rtcwatch_jumped(&w), "'%s'", bad[i]);
	}
	cr_assert(!looks_until(15000, 20000, AHEAD_MS));
}

Test(rtcwatch, missing_clock_never_jumps)
{
	struct rtcwatch none;

	rtcwatch_open(&none, "/nonexistent/since_epoch");
	cr_assert_eq(none.fd, -1);
	cr_assert(!rtcwatch_jumped(&none));
	rtcwatch_close(&none);
}

Test(rtcwatch, vmgenid_is_there_with_a_device_only)
{
	char link[96];

	cr_assert(!rtcwatch_has_vmgenid("/nonexistent"));
	cr_assert(!rtcwatch_has_vmgenid(folder));
	snprintf(link, sizeof(link), "%s/module", folder);
	cr_assert_eq(symlink("/", link), 0);
	cr_assert(!rtcwatch_has_vmgenid(folder));
	snprintf(link, sizeof(link), "%s/QEMUVGID:00", folder);
	cr_assert_eq(symlink("/", link), 0);
	cr_assert(rtcwatch_has_vmgenid(folder));
}
