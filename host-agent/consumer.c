#include "host-agent/consumer.h"

const char *consumer_kind_name(enum consumer_kind kind)
{
	return kind == CONSUMER_HOST ? "host" : "domain";
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

uint64_t consumer_add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}
