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

void failures_forget(struct failures *f)
{
	memset(f, 0, sizeof(*f));
}
