/*
 * The fault matrix: every fault that a test of raw samples can see, seen by
 * the production path; those that none can see; nothing of a failing window
 * released.
 */
#include "host-agent/faultlab.h"

#include <criterion/criterion.h>
#include <errno.h>

static const struct sampler_conf conf = { HEALTH_H_BYTE_DEFAULT,
					  HEALTH_H_BIT_DEFAULT, 0 };

struct row {
	const char *fault;
	unsigned int test;
	uint64_t least, most; /* samples until detected */
	int permanent;	      /* -1: either */
};

static void expect(const struct row *row)
{
	struct faultlab_result r;

	cr_assert_eq(faultlab_run(row->fault, &conf, &r), 0, "%s", row->fault);
	cr_expect(r.detected, "%s", row->fault);
	cr_expect_eq(r.test, row->test, "%s: %s", row->fault,
		     sampler_test_name(r.test));
	cr_expect(r.after >= row->least && r.after <= row->most, "%s: %llu",
		  row->fault, (unsigned long long)r.after);
	cr_expect_eq(r.released, 0, "%s: %llu released", row->fault,
		     (unsigned long long)r.released);
	if (row->permanent >= 0)
		cr_expect_eq(r.permanent, row->permanent, "%s", row->fault);
}

/* A sample before the fault may by chance belong to the run. */
static const struct row rows[] = {
	{ "zeros", HEALTH_RCT_BIT, 5, 8, 1 },
	{ "ones", HEALTH_RCT_BIT, 5, 8, 1 },
	{ "aa", HEALTH_RCT_BYTE, 8, 9, 1 },
	{ "aa55", SAMPLER_DUP, 32, 32, 0 },
	{ "text", SAMPLER_DUP, 32, 1024, 0 },
	{ "counter", SAMPLER_DUP, 272, 272, 0 },
	{ "nibble", HEALTH_APT_BIT, 100, 256, 1 },
	{ "period-64", SAMPLER_DUP, 80, 80, 0 },
	{ "period-512", SAMPLER_DUP, 528, 528, 0 },
	{ "period-2048", SAMPLER_DUP, 2064, 2064, 0 },
	{ "period-16384", SAMPLER_DUP, 16400, 16400, 0 },
	{ "period-65520", SAMPLER_DUP, 65536, 65536, 0 },
	{ "repeat-100", SAMPLER_DUP, 6352, 6352, 0 },
	{ "zero-100", HEALTH_RCT_BIT, 6341, 6344, 1 },
};

Test(faultlab, every_fault_that_can_be_seen_is_seen)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(&rows[i]);
}

/*
 * Chance decides which test it is: bias-0.9 may have a run of 61 ones before its
 * APT window is over, serial-0.7 one before the trend's.
 */
Test(faultlab, bias_and_correlation_beyond_h_are_seen)
{
	static const char *const faults[] = { "bias-0.6",   "bias-0.7",
					      "bias-0.8",   "bias-0.9",
					      "serial-0.6", "serial-0.65",
					      "serial-0.7", "serial-0.9" };
	struct faultlab_result r;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		cr_assert_eq(faultlab_run(faults[i], &conf, &r), 0);
		cr_expect(r.detected, "%s", faults[i]);
		cr_expect_leq(r.after, 2 * ESTIMATE_WINDOW, "%s", faults[i]);
		cr_expect_eq(r.released, 0, "%s", faults[i]);
	}
}

/* By design: 1.1e-3 alarms a year at 0.55 are 6e-10 in a million bytes. */
Test(faultlab, healthy_boards_raise_no_alarm)
{
	static const char *const well[] = { "none",	   "bias-0.5",
					    "bias-0.5125", "bias-0.55",
					    "low-bit",	   "top-bit" };
	struct faultlab_result r;

	for (size_t i = 0; i < sizeof(well) / sizeof(well[0]); i++) {
		cr_assert_eq(faultlab_run(well[i], &conf, &r), 0);
		cr_expect_not(r.detected, "%s: %s", well[i],
			      sampler_test_name(r.test));
	}
}

/* Known and listed in the manual: no statistic tells these from noise. */
Test(faultlab, pseudo_random_substitutes_are_not_seen)
{
	static const char *const missed[] = { "lfsr-16", "lfsr-32",
					      "period-262144" };
	struct faultlab_result r;

	for (size_t i = 0; i < sizeof(missed) / sizeof(missed[0]); i++) {
		cr_assert_eq(faultlab_run(missed[i], &conf, &r), 0);
		cr_expect_not(r.detected, "%s: %s", missed[i],
			      sampler_test_name(r.test));
	}
}

Test(faultlab, what_is_no_fault_is_refused)
{
	static const char *const bad[] = {
		"",	     "zero",	      "zeros ",	  "bias-",
		"bias-1.1",  "bias--0.5",     "bias-nan", "bias-1e-1",
		"period-0",  "period-x",      "repeat-0", "lfsr-",
		"bias-0.5.", "period-1048577"
	};
	struct faultlab_result r;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(faultlab_run(bad[i], &conf, &r), -EINVAL, "%s",
			     bad[i]);
}

/* So that whoever does it in turns has a bound for each. */
Test(faultlab, a_step_is_a_slice_of_the_samples)
{
	struct faultlab *lab = faultlab_new("bias-0.55", &conf);
	struct faultlab_result r;
	unsigned int steps = 1;

	cr_assert_not_null(lab);
	while (faultlab_step(lab) > 0)
		steps++;
	cr_assert_eq(steps,
		     (FAULTLAB_BEFORE + FAULTLAB_SAMPLES) / FAULTLAB_SLICE);
	faultlab_result(lab, &r);
	cr_assert_not(r.detected);
	faultlab_free(lab);
}
