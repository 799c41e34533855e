/*
 * A line of libvirt's watcher: what is taken of it keeps to its limits, and a
 * consumer of any history gets a verdict.
 */
#include "host-agent/domwatch_line.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host-agent/hostconf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void judge(const struct reconcile_seen *seen)
{
	struct consumer c = { .kind = CONSUMER_DOMAIN };
	struct reconcile_set set = { .count = 0 };
	enum reconcile_verdict verdict;
	int phase;

	require(reconcile_add(&set, seen) == 0);
	reconcile_sort(&set);
	require(reconcile_find(&set, seen->uuid) != NULL);
	for (phase = CONSUMER_UNKNOWN; phase <= CONSUMER_STOPPED; phase++) {
		c.domain.phase = (enum consumer_phase)phase;
		verdict = reconcile_domain(&c, seen->state, 1);
		/* it is configured */
		require(verdict != RECONCILE_FORGET);
	}
	reconcile_end(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[DOMWATCH_WHY_MAX] = "";
	struct domwatch_line line;

	if (domwatch_line_parse(&line, (const char *)data, size, why) < 0) {
		require(why[0] != '\0');
		return 0;
	}
	if (line.op != DOMWATCH_DOMAIN)
		return 0;
	require(strlen(line.seen.uuid) == CONSUMER_UUID_MAX - 1);
	require(strlen(line.seen.name) < CONSUMER_NAME_MAX);
	require(line.seen.name[0] || line.seen.state != RECONCILE_RUNNING);
	require(strlen(line.socket) < CONSUMER_PATH_MAX);
	require(line.seen.wish.limits.rate_bytes <= HOSTCONF_RATE_MAX);
	require(line.seen.wish.limits.weight <= SCHED_WEIGHT_MAX);
	require(line.seen.usb_count <= PASSED_MAX);
	judge(&line.seen);
	return 0;
}
