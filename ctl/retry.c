#include "ctl/retry.h"

#include <time.h>

uint64_t retry_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void retry_failed(struct retry *r, uint64_t now_ms)
{
	uint32_t gap = r->gap_ms ? r->gap_ms : r->first_ms;

	r->due_ms = now_ms + gap;
	r->gap_ms = gap > r->max_ms / 2 ? r->max_ms : gap * 2;
}

void retry_well(struct retry *r)
{
	r->gap_ms = 0;
}
