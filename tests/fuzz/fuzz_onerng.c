/*
 * fuzz_onerng.c - whatever a device may send: a dump in pieces, replies
 *
 * The first byte is the size of the pieces.
 */
#include <stdlib.h>
#include <string.h>

#include "host-agent/onerng.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void feed_dump(const uint8_t *data, size_t size, size_t step,
		      uint8_t *image)
{
	struct onerng_dump d;
	enum onerng_dump_result r;
	size_t used, n;

	onerng_dump_init(&d, image);
	while (size) {
		n = size < step ? size : step;
		r = onerng_dump_feed(&d, data, n, &used);
		if (used > n || d.have > FIRMWARE_IMAGE)
			abort();
		if (r == ONERNG_DUMP_MORE && used != n)
			abort();
		if (r == ONERNG_DUMP_BAD && (!d.why || !used))
			abort();
		if (d.have && (d.version < 1 || d.version > 3))
			abort();
		if (r == ONERNG_DUMP_COMPLETE)
			return;
		data += used;
		size -= used;
	}
}

static void parse_replies(const uint8_t *data, size_t size)
{
	char id[33];
	int version = onerng_parse_version(data, size);

	if (version == 0 || version > 65535)
		abort();
	if (onerng_parse_id(data, size, id) == 0 &&
	    strspn(id, "0123456789ABCDEFabcdef") != 32)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *image, *copy, *exact = NULL;

	if (size < 1)
		return 0;
	/* exact sizes, so that a sanitizer sees the first byte too many */
	image = malloc(FIRMWARE_IMAGE);
	copy = malloc(size);
	if (image && copy) {
		memcpy(copy, data + 1, size - 1);
		feed_dump(copy, size - 1, data[0] ? data[0] : 1, image);
		exact = malloc(size - 1 ? size - 1 : 1);
	}
	if (exact) {
		memcpy(exact, data + 1, size - 1);
		parse_replies(exact, size - 1);
	}
	free(image);
	free(copy);
	free(exact);
	return 0;
}
