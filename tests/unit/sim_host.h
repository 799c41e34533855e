/*
 * sim_host.h - a host for the model's tests: a clock that only moves when told
 * to, commands, control requests, reading until nothing comes
 */
#ifndef TESTS_UNIT_SIM_HOST_H
#define TESTS_UNIT_SIM_HOST_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/fault.h"
#include "tests/sim/model.h"
#include "tests/sim/noise.h"

#define HOST_STREAM 600000

struct host {
	struct model *m;
	uint64_t now_us;
	uint8_t stream[HOST_STREAM];
	size_t len;			 /* bytes in stream */
	unsigned int full, shorts, last; /* packets; size of the last */
	enum model_status end;		 /* what stopped the reading */
};

static inline void host_plug(struct host *h, unsigned int firmware,
			     unsigned int rate, const char *noise)
{
	const struct model_conf conf = {
		.firmware = firmware, .rate = rate, .seed = 1, .bugs = true
	};
	struct noise *n = noise_new(1);
	const char *why;

	memset(h, 0, sizeof(*h));
	h->now_us = 1000000;
	cr_assert_eq(noise_set(n, noise, &why), 0);
	h->m = model_new(&conf, n);
	cr_assert_not_null(h->m);
	model_power_cycle(h->m, h->now_us);
}

static inline void host_wait(struct host *h, uint64_t us)
{
	h->now_us += us;
	model_run(h->m, h->now_us);
}

static inline enum model_status host_control(struct host *h, uint8_t type,
					     uint8_t request, uint16_t value,
					     uint16_t index)
{
	const struct model_setup s = { type, request, value, index, 0 };
	uint8_t data[64];
	size_t len = 0;

	return model_control(h->m, h->now_us, &s, data, &len);
}

static inline void host_dtr(struct host *h, bool on)
{
	cr_assert_eq(host_control(h, 0x21, 0x22, on, 0), MODEL_OK);
}

static inline enum model_status host_send(struct host *h, const char *text)
{
	return model_out(h->m, h->now_us, (const uint8_t *)text, strlen(text));
}

/* Reads until the device says no, into stream from its start. */
static inline void host_drain(struct host *h)
{
	h->len = h->full = h->shorts = h->last = 0;
	for (;;) {
		size_t n;

		cr_assert_leq(h->len, HOST_STREAM - 128);
		h->end = model_in(h->m, h->now_us, h->stream + h->len, 128, &n);
		if (h->end != MODEL_OK)
			return;
		h->len += n;
		h->last = (unsigned int)n;
		if (n == MODEL_PACKET)
			h->full++;
		else
			h->shorts++;
	}
}

static inline void host_fault(struct host *h, const char *words)
{
	char line[128], *argv[4], *rest = NULL;
	const char *why = "";
	int argc = 0;

	snprintf(line, sizeof(line), "%s", words);
	for (char *w = strtok_r(line, " ", &rest); w && argc < 4;
	     w = strtok_r(NULL, " ", &rest))
		argv[argc++] = w;
	cr_assert_eq(fault_inject(h->m, h->now_us, argc, argv, &why), 0,
		     "%s: %s", words, why);
}

static inline bool host_only(const struct host *h, size_t from, uint8_t byte)
{
	for (size_t i = from; i < h->len; i++)
		if (h->stream[i] != byte)
			return false;
	return true;
}

#endif /* TESTS_UNIT_SIM_HOST_H */
