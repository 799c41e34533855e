#include "host-agent/consumer.h"

#include <errno.h>
#include <string.h>

static const char *const devices[] = {
	[CONSUMER_DEVICE_VIRTUAL] = "virtual",
	[CONSUMER_DEVICE_PLAIN] = "plain",
	[CONSUMER_DEVICE_HWRNG] = "hwrng",
	[CONSUMER_DEVICE_PASSTHROUGH] = "passthrough",
	[CONSUMER_DEVICE_NONE] = "none",
};

const char *consumer_kind_name(enum consumer_kind kind)
{
	static const char *const names[] = {
		[CONSUMER_DOMAIN] = "domain",
		[CONSUMER_HOST] = "host",
		[CONSUMER_CONTAINER] = "container",
	};

	return names[kind];
}

const char *consumer_device_name(enum consumer_device device)
{
	return devices[device];
}

int consumer_device_parse(const char *name)
{
	for (int i = 0; i <= CONSUMER_DEVICE_NONE; i++)
		if (!strcmp(devices[i], name))
			return i;
	return -EINVAL;
}

const char *consumer_phase_name(enum consumer_phase phase)
{
	static const char *const names[] = {
		[CONSUMER_UNKNOWN] = "unknown",
		[CONSUMER_PREPARING] = "preparing",
		[CONSUMER_STARTING] = "starting",
		[CONSUMER_RUNNING] = "running",
		[CONSUMER_STOPPED] = "stopped",
	};

	return names[phase];
}

const char *consumer_origin_name(enum consumer_origin origin)
{
	static const char *const names[] = {
		[CONSUMER_ORIGIN_NONE] = "none",
		[CONSUMER_ORIGIN_START] = "start",
		[CONSUMER_ORIGIN_RESTORE] = "restore",
		[CONSUMER_ORIGIN_MIGRATE] = "migrate",
	};

	return names[origin];
}

bool consumer_peer_is_new(const struct consumer_peer *a,
			  const struct consumer_peer *b)
{
	return a->pid != b->pid || a->start != b->start;
}

bool consumer_may_boot(struct consumer *c, uint64_t now_us)
{
	if (c->kind == CONSUMER_CONTAINER && c->booted_us &&
	    now_us - c->booted_us < CONSUMER_BOOT_GAP_US)
		return false;
	c->booted_us = now_us;
	return true;
}

uint64_t consumer_add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}
