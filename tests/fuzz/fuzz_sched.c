/* A stream of operations on the scheduler, checked against a naive model. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/sched_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sched_check k;

	if (sched_check_init(&k))
		return 0;
	for (; size >= SCHED_CHECK_OP;
	     data += SCHED_CHECK_OP, size -= SCHED_CHECK_OP) {
		const char *wrong = sched_check_step(&k, data);

		if (wrong) {
			fprintf(stderr, "sched: %s\n", wrong);
			abort();
		}
	}
	sched_check_free(&k);
	return 0;
}
