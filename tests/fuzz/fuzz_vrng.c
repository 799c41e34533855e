/*
 * What is written to a virtual OneRNG: the first byte cuts the rest into two
 * pieces, which must leave it as the whole does; replies end.
 */
#include "host-agent/vrng.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void drain(struct vrng *v)
{
	uint8_t packet[VRNG_PACKET];
	size_t n, total = 0;

	v->paused = false;
	while ((n = vrng_reply(v, packet))) {
		require(n <= sizeof(packet));
		total += n;
		require(total <= FIRMWARE_DUMP + 52 + 13);
		vrng_replied(v, n);
		require(vrng_is_valid(v));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char unit[VRNG_UNIT];
	struct vrng whole, pieces;
	bool flush, parts;
	size_t cut;

	if (size == 0)
		return 0;
	cut = data[0] < size - 1 ? data[0] : size - 1;
	data++;
	size--;
	vrng_unit(unit, (uint32_t)size);
	vrng_init(&whole, unit);
	vrng_init(&pieces, unit);
	flush = vrng_feed(&whole, data, size);
	parts = vrng_feed(&pieces, data, cut);
	parts |= vrng_feed(&pieces, data + cut, size - cut);
	require(flush == parts);
	require(memcmp(&whole, &pieces, sizeof(whole)) == 0);
	require(vrng_is_valid(&whole));
	drain(&whole);
	vrng_close(&whole);
	require(vrng_is_valid(&whole) && !whole.reply && !whole.armed);
	return 0;
}
