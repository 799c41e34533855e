/*
 * The layout of a firmware image.  The first byte is the version, the next two
 * go where the signature's length is, the fourth says how the rest is used: as
 * a whole dump, or as what stands from the length on in an erased image.
 */
#include "common/firmware.h"

#include <stdlib.h>
#include <string.h>

#define FEED_HEAD 4
#define TAIL_V3	  680
#define TAIL_V1	  600

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

/* Everything in its place, or nothing said. */
static void try_image(const uint8_t *image, unsigned int version)
{
	struct firmware_parts p = { 0 };
	enum firmware_fault fault =
		firmware_split(image, FIRMWARE_IMAGE, version, &p);

	require(fault < FIRMWARE_FAULTS && firmware_fault_name(fault));
	if (fault != FIRMWARE_WELL_FORMED) {
		require(!p.data && !p.sig && !p.data_len && !p.sig_len);
		return;
	}
	require(version >= 1 && version <= 3);
	require(p.data == image && p.sig == image + p.data_len + 2);
	require(p.sig_len >= 1);
	require(p.sig + p.sig_len <= image + FIRMWARE_IMAGE);
	for (const uint8_t *b = p.sig + p.sig_len; b < image + FIRMWARE_IMAGE;
	     b++)
		require(*b == 0xff);
}

static void try_dump(const uint8_t *data, size_t size)
{
	struct firmware_dump d;

	if (firmware_read_dump(data, size, &d) != FIRMWARE_WELL_FORMED)
		return;
	require(size == FIRMWARE_DUMP && d.image == data + FIRMWARE_HEADER);
	try_image(d.image, d.version);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int version;
	uint8_t *image;
	size_t tail;

	try_dump(data, size);
	if (size < FEED_HEAD)
		return 0;
	version = data[0];
	tail = version >= 3 ? TAIL_V3 : TAIL_V1;
	image = malloc(FIRMWARE_IMAGE);
	require(image != NULL);
	memset(image, data[3], FIRMWARE_IMAGE);
	memset(image + FIRMWARE_IMAGE - tail, 0xff, tail);
	memcpy(image + FIRMWARE_IMAGE - tail, data + 1, 2);
	if (size - FEED_HEAD < tail - 2)
		tail = size - FEED_HEAD + 2;
	memcpy(image + FIRMWARE_IMAGE - (version >= 3 ? TAIL_V3 : TAIL_V1) + 2,
	       data + FEED_HEAD, tail - 2);
	try_image(image, version);
	free(image);
	return 0;
}
