/*
 * retry.h - when to try again what failed: later and later
 */
#ifndef CTL_RETRY_H
#define CTL_RETRY_H

#include <stdbool.h>
#include <stdint.h>

struct retry {
	uint32_t first_ms, max_ms;
	uint32_t gap_ms; /* to the try after this one; 0: first_ms */
	uint64_t due_ms;
};

/* CLOCK_MONOTONIC */
uint64_t retry_now_ms(void);

static inline bool retry_is_due(const struct retry *r, uint64_t now_ms)
{
	return now_ms >= r->due_ms;
}

/* It failed: next after twice the time. */
void retry_failed(struct retry *r, uint64_t now_ms);
/* It went well: the next failure is the first again. */
void retry_well(struct retry *r);

#endif /* CTL_RETRY_H */
