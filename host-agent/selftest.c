#include "host-agent/selftest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host-agent/control.h"
#include "host-agent/devset.h"
#include "host-agent/faultlab.h"
#include "host-agent/status.h"

static json_t *injected(const char *fault, const struct faultlab_result *r)
{
	return json_pack("{s:s, s:b, s:s, s:I, s:I, s:I, s:b, s:I}", "fault",
			 fault, "detected", r->detected, "test",
			 r->detected ? sampler_test_name(r->test) : "none",
			 "after", (json_int_t)r->after, "passed",
			 (json_int_t)r->passed, "released",
			 (json_int_t)r->released, "permanent", r->permanent,
			 "samples", (json_int_t)FAULTLAB_SAMPLES);
}

static json_t *inject(const struct status *s, const char *fault, char *why)
{
	const struct sampler_conf conf = {
		.h_byte_millibits = s->h_byte_millibits,
		.h_bit_millibits = s->h_bit_millibits,
	};
	struct faultlab_result result;
	int r = faultlab_run(fault, &conf, &result);

	if (r == 0)
		return injected(fault, &result);
	if (r == -EINVAL)
		snprintf(why, CONTROL_WHY_MAX, "no such fault: %s",
			 FAULTLAB_FAULTS);
	else
		snprintf(why, CONTROL_WHY_MAX,
			 "no memory that can be locked, or no random bytes, "
			 "for a test instance: see LimitMEMLOCK=");
	return NULL;
}

static json_t *start(const struct status *s, const char *name, char *why)
{
	json_t *names = json_array();
	size_t i;

	for (i = 0; i < devset_count(s->devices); i++) {
		const struct device *d = devset_device(s->devices, i);

		if (!devset_is_named(d, name))
			continue;
		if (devset_selftest(s->devices, i) == 0)
			json_array_append_new(names, json_string(d->name));
	}
	if (json_array_size(names))
		return json_pack("{s:o}", "started", names);
	json_decref(names);
	snprintf(why, CONTROL_WHY_MAX,
		 "no such device, or it is not running: see status");
	return NULL;
}

json_t *selftest_answer(void *ctx, const json_t *request, char *why)
{
	const char *device = "", *fault = NULL;
	const struct status *s = ctx;

	/* jansson's unpacking takes no const, and changes nothing */
	if (json_unpack((json_t *)(uintptr_t)request, "{s?s, s?s}", "device",
			&device, "inject", &fault) < 0) {
		snprintf(why, CONTROL_WHY_MAX,
			 "device and inject are names, as strings");
		return NULL;
	}
	return fault ? inject(s, fault, why) : start(s, device, why);
}
