/*
 * The lines themselves: administrators' scripts look for rngd's words.
 */
#include "common/rngdstat.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

static void append(void *ctx, const char *text)
{
	char *all = ctx;

	cr_assert_null(strchr(text, '\n'));
	strcat(all, text);
	strcat(all, "\n");
}

Test(rngdstat, lines_are_those_of_rngd)
{
	static const struct fips fips = {
		.blocks = 1000,
		.failures = 6,
		.failed = { 1, 2, 3, 4, 5 },
	};
	const struct rngdstat stat = {
		.bits_received = 20000000,
		.bits_sent = 19880000,
		.entropy_added = 9940000,
		.fips = &fips,
		.source_bytes_s = 57600,
		.starvations = 3,
		.starved_us = 1500000,
		.sink = "kernel pool",
	};
	char all[2048] = "";

	rngdstat_print(&stat, append, all);
	cr_assert_str_eq(all, "bits received from HRNG source: 20000000\n"
			      "bits sent to kernel pool: 19880000\n"
			      "entropy added to kernel pool: 9940000\n"
			      "FIPS 140-2 successes: 994\n"
			      "FIPS 140-2 failures: 6\n"
			      "FIPS 140-2(2001-10-10) Monobit: 1\n"
			      "FIPS 140-2(2001-10-10) Poker: 2\n"
			      "FIPS 140-2(2001-10-10) Runs: 3\n"
			      "FIPS 140-2(2001-10-10) Long run: 4\n"
			      "FIPS 140-2(2001-10-10) Continuous run: 5\n"
			      "HRNG source speed: (avg=450.000)Kibits/s\n"
			      "Entropy starvations: 3\n"
			      "Time spent starving for entropy: 1500000us\n");
}

Test(rngdstat, largest_counts_are_printed_whole)
{
	const struct rngdstat stat = {
		.bits_received = UINT64_MAX,
		.bits_sent = UINT64_MAX,
		.entropy_added = UINT64_MAX,
		.source_bytes_s = UINT64_MAX,
		.starvations = UINT64_MAX,
		.starved_us = UINT64_MAX,
		.sink = "consumers",
	};
	char all[2048] = "";

	rngdstat_print(&stat, append, all);
	cr_assert_not_null(strstr(all, "bits sent to consumers: "
				       "18446744073709551615\n"));
	cr_assert_not_null(strstr(all, "Time spent starving for entropy: "
				       "18446744073709551615us\n"));
	/* without blocks tested there is nothing to say of them */
	cr_assert_null(strstr(all, "FIPS"));
}
