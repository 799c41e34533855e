/*
 * sink.h - what a scheduler deals blocks to: a consumer's connection, of
 * whichever publisher
 *
 * Embedded in the connection; the schedulers' owners are sinks.
 */
#ifndef HOST_AGENT_SINK_H
#define HOST_AGENT_SINK_H

#include <stddef.h>
#include <sys/queue.h>

struct consumer;

struct sink {
	struct consumer *consumer;
	/* Takes a block from the pool, which has one. */
	void (*deliver)(struct sink *s);
	/* Makes and sends blocks; returns how many were charged. */
	size_t (*deliver_made)(struct sink *s);
	/* What its service, the pool or absence has to give has changed. */
	void (*refresh)(struct sink *s);
	/* Another program takes over: no secret stays.  It did not: goes on. */
	void (*wipe)(struct sink *s);
	void (*renew)(struct sink *s);
	TAILQ_ENTRY(sink) entry;
};

TAILQ_HEAD(sink_list, sink);

#endif /* HOST_AGENT_SINK_H */
