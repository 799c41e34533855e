#include "common/firmware.h"

#include <stdbool.h>
#include <string.h>

#define SIG_LENGTH 2 /* bytes of the signature's length, little endian */
#define ERASED	   0xff

static const uint8_t magic[] = { 0xfe, 0xed, 0xbe, 0xef, 0x20, 0x14 };

static unsigned int get_le16(const uint8_t *p)
{
	return p[0] | (unsigned int)p[1] << 8;
}

static bool is_erased(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] != ERASED)
			return false;
	return true;
}

enum firmware_fault firmware_split(const uint8_t *image, size_t len,
				   unsigned int version,
				   struct firmware_parts *parts)
{
	size_t max, tail, sig_len;
	const uint8_t *end;

	if (len != FIRMWARE_IMAGE)
		return FIRMWARE_IMAGE_LENGTH;
	if (version < 1 || version > FIRMWARE_VERSION_MAX)
		return FIRMWARE_VERSION;
	if (is_erased(image, len))
		return FIRMWARE_ERASED;
	max = version >= 3 ? FIRMWARE_SIG_MAX_V3 : FIRMWARE_SIG_MAX_V1;
	tail = SIG_LENGTH + max + (version >= 3 ? FIRMWARE_UNIT : 0);
	end = image + FIRMWARE_IMAGE - tail;
	sig_len = get_le16(end);
	if (sig_len == 0 || sig_len == 0xffff)
		return FIRMWARE_UNSIGNED;
	if (sig_len > max)
		return FIRMWARE_SIG_LENGTH;
	if (!is_erased(end + SIG_LENGTH + sig_len, tail - SIG_LENGTH - sig_len))
		return FIRMWARE_FILL;
	parts->data = image;
	parts->data_len = FIRMWARE_IMAGE - tail;
	parts->sig = end + SIG_LENGTH;
	parts->sig_len = sig_len;
	return FIRMWARE_WELL_FORMED;
}

enum firmware_fault firmware_read_dump(const uint8_t *dump, size_t len,
				       struct firmware_dump *out)
{
	unsigned int version;

	if (memcmp(dump, magic, len < sizeof(magic) ? len : sizeof(magic)) != 0)
		return FIRMWARE_DUMP_MAGIC;
	if (len < FIRMWARE_HEADER)
		return FIRMWARE_DUMP_SHORT;
	if (dump[6] != (FIRMWARE_IMAGE & 0xff) ||
	    dump[7] != (FIRMWARE_IMAGE >> 8 & 0xff) ||
	    dump[8] != FIRMWARE_IMAGE >> 16)
		return FIRMWARE_DUMP_LENGTH;
	version = get_le16(dump + 9);
	if (version < 1 || version > FIRMWARE_VERSION_MAX)
		return FIRMWARE_VERSION;
	if (len != FIRMWARE_DUMP)
		return len < FIRMWARE_DUMP ? FIRMWARE_DUMP_SHORT
					   : FIRMWARE_DUMP_LONG;
	out->version = version;
	out->text_size = get_le16(dump + 11);
	out->image = dump + FIRMWARE_HEADER;
	return FIRMWARE_WELL_FORMED;
}

void firmware_make_header(uint8_t header[static FIRMWARE_HEADER],
			  unsigned int version, unsigned int text_size)
{
	memcpy(header, magic, sizeof(magic));
	header[6] = FIRMWARE_IMAGE & 0xff;
	header[7] = FIRMWARE_IMAGE >> 8 & 0xff;
	header[8] = FIRMWARE_IMAGE >> 16;
	header[9] = (uint8_t)version;
	header[10] = (uint8_t)(version >> 8);
	header[11] = (uint8_t)text_size;
	header[12] = (uint8_t)(text_size >> 8);
}

static const struct {
	const char *name, *text;
} faults[FIRMWARE_FAULTS] = {
	[FIRMWARE_WELL_FORMED] = { "well-formed", "image is well formed" },
	[FIRMWARE_DUMP_SHORT] = { "incomplete",
				  "dump is incomplete: take it again" },
	[FIRMWARE_DUMP_LONG] = { "too-long",
				 "dump is longer than a header and an image: "
				 "take it again" },
	[FIRMWARE_DUMP_MAGIC] = { "no-header",
				  "no OneRNG image header: is this a dump of "
				  "the device?" },
	[FIRMWARE_DUMP_LENGTH] = { "header-length",
				   "header says an image length that is not "
				   "262144: not a OneRNG, or other firmware" },
	[FIRMWARE_IMAGE_LENGTH] = { "image-length",
				    "image is not 262144 bytes: take the dump "
				    "again" },
	[FIRMWARE_VERSION] = { "version",
			       "firmware version is not 1, 2 or 3: other "
			       "firmware than the vendor's; it cannot be "
			       "verified" },
	[FIRMWARE_ERASED] = { "erased",
			      "image is erased flash (all 0xff): the device "
			      "hides its program; do not use it" },
	[FIRMWARE_UNSIGNED] = { "unsigned",
				"image has no signature: self-made or "
				"pre-release firmware; it cannot be verified" },
	[FIRMWARE_SIG_LENGTH] = { "signature-length",
				  "signature length is out of range: damaged "
				  "dump or other firmware; try again once" },
	[FIRMWARE_FILL] = { "fill",
			    "bytes behind the signature are not erased flash: "
			    "damaged dump or changed firmware" },
};

const char *firmware_fault_name(enum firmware_fault fault)
{
	return faults[fault].name;
}

const char *firmware_fault_text(enum firmware_fault fault)
{
	return faults[fault].text;
}
