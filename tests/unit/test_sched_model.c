/* The scheduler against a naive model of what it owes its consumers. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/random.h>

#include "tests/fuzz/sched_check.h"

/* Random operations; ONERNG_SEED repeats a run. */
Test(sched_model, agrees_with_a_naive_model)
{
	const char *given = getenv("ONERNG_SEED");
	struct sched_check k;
	uint64_t seed = 0, x;

	if (given)
		seed = strtoull(given, NULL, 0);
	else
		cr_assert_eq(getrandom(&seed, sizeof(seed), 0), sizeof(seed));
	x = seed | 1;
	for (int round = 0; round < 200; round++) {
		cr_assert_eq(sched_check_init(&k), 0);
		for (int i = 0; i < 2000; i++) {
			uint8_t op[SCHED_CHECK_OP];
			const char *wrong;
			uint32_t r;

			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			r = (uint32_t)(x >> 16);
			memcpy(op, &r, sizeof(op));
			wrong = sched_check_step(&k, op);
			cr_assert_null(wrong, "ONERNG_SEED=%#llx: %s",
				       (unsigned long long)seed, wrong);
		}
		sched_check_free(&k);
	}
}
