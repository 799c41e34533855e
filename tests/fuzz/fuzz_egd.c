/*
 * The EGD parser: the first byte cuts the rest into two pieces, which must give
 * the same requests as the whole.
 */
#include "common/egd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a stream of requests came to. */
struct digest {
	size_t count;
	uint64_t mixed;
	size_t left; /* bytes behind an error */
	int result;
};

static void require(int condition)
{
	if (!condition)
		abort();
}

static void run(struct egd_parser *p, const uint8_t *buf, size_t len,
		struct digest *d)
{
	struct egd_request req = { 0 };
	const uint8_t *end = buf + len;

	while ((d->result = egd_next(p, &buf, &len, &req)) == 1) {
		require(buf + len == end);
		require(req.op <= EGD_PID);
		d->mixed = d->mixed * 31 + (uint64_t)req.op * 256 + req.n;
		d->count++;
	}
	require(buf + len == end);
	require(d->result == -EPROTO ? len > 0 && *buf > EGD_PID : len == 0);
	d->left = len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct digest whole = { 0 }, pieces = { 0 };
	struct egd_parser p;
	size_t cut;

	if (size == 0)
		return 0;
	cut = data[0] < size - 1 ? data[0] : size - 1;
	data++;
	size--;
	egd_parser_init(&p);
	run(&p, data, size, &whole);
	egd_parser_init(&p);
	run(&p, data, cut, &pieces);
	if (pieces.result == 0)
		run(&p, data + cut, size - cut, &pieces);
	else
		pieces.left += size - cut;
	require(memcmp(&whole, &pieces, sizeof(whole)) == 0);
	return 0;
}
