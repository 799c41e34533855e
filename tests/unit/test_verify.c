/*
 * test_verify.c - what arrives is fed only when all of it has passed
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "guest-agent/verify.h"
#include "tests/unit/testrand.h"

static struct verify *v;
static struct testrand rng;
static uint8_t window[VERIFY_STARTUP];

static void setup(void)
{
	v = verify_new();
	cr_assert_not_null(v);
	rng = testrand_new("verify");
	testrand_fill(&rng, window, sizeof(window));
}

static void teardown(void)
{
	verify_free(v);
}

TestSuite(verify, .init = setup, .fini = teardown);

static void start_up(void)
{
	cr_assert_eq(verify_window(v, window, sizeof(window)), 0);
}

static size_t zeros_in_window(void)
{
	size_t zeros = 0;

	for (size_t i = 0; i < sizeof(window); i++)
		zeros += !window[i];
	return zeros;
}

Test(verify, good_window_passes_and_counts)
{
	start_up();
	cr_assert(v->started);
	cr_assert_eq(v->bytes, VERIFY_STARTUP);
	cr_assert_eq(v->windows, 1);
	cr_assert_eq(v->failed, VERIFY_TESTS);
}

Test(verify, first_window_is_the_start_up_test)
{
	cr_assert_eq(verify_window_size(v, 32), VERIFY_STARTUP);
	cr_assert_eq(verify_window_size(v, 512), VERIFY_STARTUP);
	start_up();
	cr_assert_eq(verify_window_size(v, 32), 32);
}

Test(verify, windows_are_whole_blocks)
{
	start_up();
	cr_assert_eq(verify_window_size(v, 33), 48);
	cr_assert_eq(verify_window_size(v, 64), 64);
	cr_assert_eq(verify_window_size(v, 511), 512);
	cr_assert_eq(verify_window_size(v, 512), 512);
}

Test(verify, zeros_fail_and_the_window_is_wiped)
{
	memset(window, 0, sizeof(window));
	window[7] = 1;
	cr_assert_eq(verify_window(v, window, sizeof(window)), -EIO);
	cr_assert_eq(zeros_in_window(), sizeof(window));
	cr_assert(!v->started);
	cr_assert_eq(v->bytes, 0);
	cr_assert_eq(v->windows, 0);
}

Test(verify, byte_repeated_four_times_passes)
{
	window[99] = 0x36;
	memset(window + 100, 0x35, 4);
	window[104] = 0x36;
	start_up();
}

Test(verify, byte_repeated_five_times_fails_rct_byte_only)
{
	memset(window + 100, 0x35, 5);
	window[99] = 0x36;
	cr_assert_eq(verify_window(v, window, sizeof(window)), -EIO);
	cr_assert_eq(v->failed, (enum verify_test)HEALTH_RCT_BYTE);
	for (int t = 0; t < VERIFY_TESTS; t++)
		cr_assert_eq(v->failures[t], t == HEALTH_RCT_BYTE);
}

Test(verify, frequent_byte_fails_apt_byte)
{
	/* The first byte of each APT window of 512 is what is counted. */
	for (size_t i = 0; i < 512; i += 16)
		window[i] = window[0];
	cr_assert_eq(verify_window(v, window, sizeof(window)), -EIO);
	cr_assert_eq(v->failed, (enum verify_test)HEALTH_APT_BYTE);
}

Test(verify, repeated_block_fails_as_duplicate)
{
	memcpy(window + 512, window + 16, DUP_BLOCK);
	cr_assert_eq(verify_window(v, window, sizeof(window)), -EIO);
	cr_assert_eq(v->failed, (enum verify_test)VERIFY_DUPLICATE);
	cr_assert_eq(v->failures[VERIFY_DUPLICATE], 1);
}

Test(verify, block_repeated_off_its_place_is_no_duplicate)
{
	memcpy(window + 512 + 1, window + 16, DUP_BLOCK);
	start_up();
}

Test(verify, replay_over_a_new_connection_is_found)
{
	uint8_t again[VERIFY_STARTUP];

	memcpy(again, window, sizeof(again));
	start_up();
	verify_restart(v);
	cr_assert_eq(verify_window(v, again, sizeof(again)), -EIO);
	cr_assert_eq(v->failed, (enum verify_test)VERIFY_DUPLICATE);
}

Test(verify, replay_of_a_failed_window_is_found)
{
	uint8_t again[VERIFY_STARTUP];

	memset(window, 0x11, 5);
	window[5] = 0x22;
	memcpy(again, window, sizeof(again));
	again[0] = 0x12; /* mends the run */
	cr_assert_eq(verify_window(v, window, sizeof(window)), -EIO);
	cr_assert_eq(verify_window(v, again, sizeof(again)), -EIO);
	cr_assert_eq(v->failed, (enum verify_test)VERIFY_DUPLICATE);
}

Test(verify, failure_asks_for_start_up_again)
{
	uint8_t bad[64] = { 0 };

	start_up();
	cr_assert_eq(verify_window(v, bad, sizeof(bad)), -EIO);
	cr_assert_eq(verify_window_size(v, 64), VERIFY_STARTUP);
	testrand_fill(&rng, window, sizeof(window));
	start_up();
	cr_assert_eq(verify_window_size(v, 64), 64);
}

Test(verify, run_over_the_border_of_two_windows_is_found)
{
	uint8_t next[64];

	memset(window + sizeof(window) - 4, 0x77, 4);
	window[sizeof(window) - 5] = 0x78;
	start_up();
	testrand_fill(&rng, next, sizeof(next));
	next[0] = 0x77;
	cr_assert_eq(verify_window(v, next, sizeof(next)), -EIO);
	cr_assert_eq(v->failed, (enum verify_test)HEALTH_RCT_BYTE);
}

Test(verify, restart_forgets_samples_but_no_counters)
{
	uint8_t next[VERIFY_STARTUP];

	memset(window + sizeof(window) - 4, 0x77, 4);
	start_up();
	verify_restart(v);
	testrand_fill(&rng, next, sizeof(next));
	next[0] = 0x77;
	next[1] = 0x78;
	cr_assert_eq(verify_window(v, next, sizeof(next)), 0);
	cr_assert_eq(v->bytes, 2 * VERIFY_STARTUP);
}

Test(verify, fips_counters_survive_a_restart)
{
	for (int i = 0; i < 4; i++) {
		start_up();
		testrand_fill(&rng, window, sizeof(window));
	}
	cr_assert_eq(v->fips.blocks, 1);
	verify_restart(v);
	cr_assert_eq(v->fips.blocks, 1);
	for (int i = 0; i < 3; i++) {
		start_up();
		testrand_fill(&rng, window, sizeof(window));
	}
	/* A block begun before the restart is not continued. */
	cr_assert_eq(v->fips.blocks, 2);
}

/* The last two bits always differ: the runs test sees it, our cutoffs not. */
static void fill_lopsided(uint8_t *out, size_t len)
{
	testrand_fill(&rng, out, len);
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)((out[i] & ~1) | (~(out[i] >> 1) & 1));
}

Test(verify, three_bad_fips_blocks_in_ten_are_a_trend_and_no_failure)
{
	for (int i = 0; i < 6; i++) {
		fill_lopsided(window, sizeof(window));
		start_up();
	}
	cr_assert_eq(v->fips.failures, 2);
	cr_assert(!v->trend_bad);
	for (int i = 0; i < 2; i++) {
		fill_lopsided(window, sizeof(window));
		start_up();
	}
	cr_assert_eq(v->fips.failures, 3);
	cr_assert(v->trend_bad);
	cr_assert_eq(v->failed, VERIFY_TESTS);
}

Test(verify_names, every_test_has_its_name)
{
	cr_assert_str_eq(verify_test_name(VERIFY_DUPLICATE), "duplicate");
	cr_assert_str_eq(verify_test_name((enum verify_test)HEALTH_APT_BIT),
			 "apt-bit");
	cr_assert_str_eq(verify_test_name(VERIFY_TESTS), "none");
}

Test(verify_names, freeing_nothing_is_fine)
{
	verify_free(NULL);
}
