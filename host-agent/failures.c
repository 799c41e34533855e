#include "host-agent/failures.h"

#include <string.h>

bool failures_add(struct failures *f, uint64_t now_us)
{
	uint64_t *oldest = &f->at_us[f->count % FAILURES_MAX];
	bool final = f->count >= FAILURES_MAX && now_us - *oldest < FAILURES_US;

	*oldest = now_us;
	f->count++;
	return final;
}

unsigned int failures_recent(const struct failures *f, uint64_t now_us)
{
	unsigned int i, recent = 0;

	for (i = 0; i < FAILURES_MAX && i < f->count; i++)
		recent += now_us - f->at_us[i] < FAILURES_US;
	return recent;
}

void failures_forget(struct failures *f)
{
	memset(f, 0, sizeof(*f));
}
