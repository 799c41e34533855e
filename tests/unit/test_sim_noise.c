/*
 * The simulated OneRNG's noise: has what was asked for, and can be repeated.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/sim/noise.h"

static double ones(struct noise *n, unsigned int bytes, double *same)
{
	unsigned int count = 0, equal = 0, last = 0;

	for (unsigned int i = 0; i < bytes * 8; i++) {
		static uint8_t b;
		unsigned int bit;

		if (i % 8 == 0)
			b = noise_next(n);
		bit = b >> (7 - i % 8) & 1;
		count += bit;
		equal += bit == last;
		last = bit;
	}
	if (same)
		*same = equal / (8.0 * bytes);
	return count / (8.0 * bytes);
}

static struct noise *noise_of(const char *spec)
{
	struct noise *n = noise_new(7);
	const char *why = "";

	cr_assert_eq(noise_set(n, spec, &why), 0, "%s: %s", spec, why);
	return n;
}

/* 800,000 bits: five standard deviations are 0.0028. */
Test(sim_noise, has_the_bias_and_correlation_asked_for)
{
	static const struct {
		const char *spec;
		double one, same;
	} cases[] = {
		{ "ideal", 0.5, 0.5 },	      { "bias=0.55", 0.55, 0.505 },
		{ "bias=0.75", 0.75, 0.625 }, { "same=0.6", 0.5, 0.6 },
		{ "same=0.3", 0.5, 0.3 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct noise *n = noise_of(cases[i].spec);
		double same, one = ones(n, 100000, &same);

		cr_assert_float_eq(one, cases[i].one, 0.005, "%s: %f",
				   cases[i].spec, one);
		cr_assert_float_eq(same, cases[i].same, 0.005, "%s: %f",
				   cases[i].spec, same);
		noise_free(n);
	}
}

Test(sim_noise, drifts_from_even_to_biased)
{
	struct noise *n = noise_of("drift=0.9");

	cr_assert_lt(ones(n, 10000, NULL), 0.52);
	ones(n, 1048576, NULL);
	cr_assert_float_eq(ones(n, 100000, NULL), 0.9, 0.005);
	noise_free(n);
}

Test(sim_noise, period_repeats_after_that_many_bits)
{
	static const unsigned int periods[] = { 2, 7, 64, 1000 };

	for (size_t p = 0; p < 4; p++) {
		static uint8_t bits[16000];
		struct noise *n;
		char spec[32];

		snprintf(spec, sizeof(spec), "period=%u", periods[p]);
		n = noise_of(spec);
		for (size_t i = 0; i < sizeof(bits); i += 8) {
			uint8_t b = noise_next(n);

			for (size_t j = 0; j < 8; j++)
				bits[i + j] = b >> (7 - j) & 1;
		}
		for (size_t i = periods[p]; i < sizeof(bits); i++)
			cr_assert_eq(bits[i], bits[i - periods[p]]);
		noise_free(n);
	}
}

Test(sim_noise, the_same_seed_gives_the_same_bytes)
{
	struct noise *a = noise_new(3), *b = noise_new(3), *c = noise_new(4);
	unsigned int equal = 0;

	for (int i = 0; i < 1000; i++) {
		uint8_t byte = noise_next(a);

		cr_assert_eq(byte, noise_next(b));
		equal += byte == noise_next(c);
	}
	cr_assert_lt(equal, 50);
	noise_free(a);
	noise_free(b);
	noise_free(c);
}

Test(sim_noise, file_is_looped)
{
	char path[] = "/tmp/sim-noise.XXXXXX", spec[64];
	int fd = mkstemp(path);
	struct noise *n;

	cr_assert_eq(write(fd, "abc", 3), 3);
	close(fd);
	snprintf(spec, sizeof(spec), "file=%s", path);
	n = noise_of(spec);
	for (int i = 0; i < 9; i++)
		cr_assert_eq(noise_next(n), "abc"[i % 3]);
	noise_free(n);
	unlink(path);
}

Test(sim_noise, a_bad_specification_changes_nothing)
{
	static const char *const bad[] = {
		"",
		"idea",
		"bias=",
		"bias=1.1",
		"bias=-0.1",
		"bias=nan",
		"bias=0.5x",
		"same",
		"stuck=256",
		"stuck=",
		"stuck=-1",
		"period=0",
		"period=65537",
		"file=/nonexistent",
		"ideal ",
	};
	struct noise *n = noise_of("stuck=0x42");

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *why = NULL;

		cr_assert_lt(noise_set(n, bad[i], &why), 0, "%s", bad[i]);
		cr_assert_not_null(why);
		cr_assert_eq(noise_next(n), 0x42);
	}
	cr_assert_str_eq(noise_spec(n), "stuck=0x42");
	noise_free(n);
}
