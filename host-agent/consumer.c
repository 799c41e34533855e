#include "host-agent/consumer.h"

const char *consumer_kind_name(enum consumer_kind kind)
{
	return kind == CONSUMER_HOST ? "host" : "domain";
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
