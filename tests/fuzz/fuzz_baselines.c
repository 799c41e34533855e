/*
 * fuzz_baselines.c - baselines of boards that another process left
 */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "host-agent/baselines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken can be judged by, and left to a third process. */
static void check(const struct baselines *b)
{
	static struct baselines again;
	json_t *o = baselines_json(b), *p;

	memset(&again, 0, sizeof(again));
	if (!o || baselines_parse(&again, o) != 0)
		abort();
	p = baselines_json(&again);
	if (!json_equal(o, p))
		abort();
	for (size_t i = 0; i < b->count; i++)
		if (!trend_baseline_is_sane(&b->entries[i].base))
			abort();
	json_decref(o);
	json_decref(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct baselines b;
	json_t *o = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES,
			       NULL);

	log_init("fuzz", LOG_LEVEL_ERR);
	if (!o)
		return 0;
	memset(&b, 0, sizeof(b));
	baselines_parse(&b, o);
	check(&b);
	json_decref(o);
	return 0;
}
