/*
 * fuzz_handover.c - a table of records that another process left
 */
#include <stdlib.h>
#include <string.h>

#include "common/egd.h"
#include "host-agent/handover_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is known can be gone on with. */
static void check(void *ctx, const struct handover_left *left)
{
	const struct handover_state *s = &left->state;
	struct egd_parser parser = { .have = s->have, .skip = s->skip };
	static const uint8_t rest[512];
	const uint8_t *buf = rest;
	struct egd_request req;
	size_t len = sizeof(rest);

	(void)ctx;
	if (!handover_key_valid(left->key) || left->peer_fd < -1 ||
	    left->listen_fd < -1)
		abort();
	if (left->account.counts.since_s < 0 ||
	    (left->account.counts.since_s &&
	     (left->account.counts.delivered > HANDOVER_COUNT_MAX ||
	      left->account.kernel_bytes > HANDOVER_COUNT_MAX)))
		abort();
	if (!left->known)
		return;
	if (s->pending_count > HANDOVER_PENDING_MAX ||
	    (s->delivered > s->asked &&
	     s->delivered - s->asked > HANDOVER_AHEAD_MAX))
		abort();
	memcpy(parser.head, s->head, sizeof(parser.head));
	while (egd_next(&parser, &buf, &len, &req) > 0)
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t generation;

	handover_parse(data, size, &generation, check, NULL);
	return 0;
}
