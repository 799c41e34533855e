/*
 * fuzz_verdicts.c - failures of devices that another process left
 */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "host-agent/verdicts.h"

#define NOW_US (10 * FAILURES_US)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken can be left to a third process, which takes the same. */
static void check(const struct verdicts *v)
{
	static struct verdicts again;
	json_t *o = verdicts_json(v);

	memset(&again, 0, sizeof(again));
	if (!o || verdicts_parse(&again, o, NOW_US) != 0 ||
	    again.count != v->count)
		abort();
	for (size_t i = 0; i < v->count; i++)
		if (memcmp(&again.entries[i], &v->entries[i],
			   sizeof(v->entries[i])) != 0)
			abort();
	json_decref(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct verdicts v;
	json_t *o = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES,
			       NULL);

	log_init("fuzz", LOG_LEVEL_ERR);
	if (!o)
		return 0;
	memset(&v, 0, sizeof(v));
	verdicts_parse(&v, o, NOW_US);
	check(&v);
	json_decref(o);
	return 0;
}
