/*
 * onerng.c - what a OneRNG says, decoded
 *
 * Nothing on the wire is framed: replies stand between noise bytes, and noise
 * may precede a dump.  So everything is searched for, and a candidate that
 * turns out wrong does not end the search.
 */
#include <errno.h>
#include <string.h>

#include "host-agent/onerng.h"

#define MAGIC_LEN      6
#define VERSION_DIGITS 5
#define ID_DIGITS      32
#define FIRMWARE_MIN   1
#define FIRMWARE_MAX   3

static const uint8_t dump_magic[MAGIC_LEN] = { 0xfe, 0xed, 0xbe,
					       0xef, 0x20, 0x14 };

void onerng_dump_init(struct onerng_dump *d, uint8_t *image)
{
	memset(d, 0, sizeof(*d));
	d->image = image;
}

/*
 * One byte while the magic is looked for.  Its first byte occurs once in it,
 * so after a mismatch only the byte at hand can start it anew.
 */
static void dump_match_magic(struct onerng_dump *d, uint8_t byte)
{
	if (byte != dump_magic[d->header_have]) {
		d->skipped += d->header_have;
		d->header_have = 0;
	}
	if (byte == dump_magic[d->header_have])
		d->header[d->header_have++] = byte;
	else
		d->skipped++;
}

static const char *dump_check_header(const struct onerng_dump *d)
{
	const uint8_t *h = d->header + MAGIC_LEN;
	uint32_t length = h[0] | (uint32_t)h[1] << 8 | (uint32_t)h[2] << 16;
	unsigned int version = h[3] | (unsigned int)h[4] << 8;

	if (length != FIRMWARE_IMAGE)
		return "image length is not 262144";
	if (version < FIRMWARE_MIN || version > FIRMWARE_MAX)
		return "firmware version is not 1 to 3";
	return NULL;
}

/*
 * The magic was there by chance, or the device is none of ours.  The bytes
 * behind its first one may hold the true magic: they are looked at again.
 */
static void dump_reject_header(struct onerng_dump *d)
{
	uint8_t again[FIRMWARE_HEADER - 1];

	memcpy(again, d->header + 1, sizeof(again));
	d->header_have = 0;
	d->skipped++;
	for (size_t i = 0; i < sizeof(again); i++) {
		if (d->header_have < MAGIC_LEN)
			dump_match_magic(d, again[i]);
		else
			d->header[d->header_have++] = again[i];
	}
}

static enum onerng_dump_result dump_feed_header(struct onerng_dump *d,
						uint8_t byte)
{
	const uint8_t *h = d->header + MAGIC_LEN;

	if (d->header_have < MAGIC_LEN) {
		dump_match_magic(d, byte);
		return ONERNG_DUMP_MORE;
	}
	d->header[d->header_have++] = byte;
	if (d->header_have < FIRMWARE_HEADER)
		return ONERNG_DUMP_MORE;
	d->why = dump_check_header(d);
	if (d->why) {
		dump_reject_header(d);
		return ONERNG_DUMP_BAD;
	}
	d->version = (uint16_t)(h[3] | h[4] << 8);
	d->text_size = (uint16_t)(h[5] | h[6] << 8);
	return ONERNG_DUMP_MORE;
}

enum onerng_dump_result onerng_dump_feed(struct onerng_dump *d,
					 const uint8_t *data, size_t len,
					 size_t *used)
{
	enum onerng_dump_result result;
	size_t i = 0, n;

	while (i < len && d->header_have < FIRMWARE_HEADER) {
		result = dump_feed_header(d, data[i++]);
		if (result != ONERNG_DUMP_MORE) {
			*used = i;
			return result;
		}
	}
	n = len - i;
	if (n > FIRMWARE_IMAGE - d->have)
		n = FIRMWARE_IMAGE - d->have;
	if (n)
		memcpy(d->image + d->have, data + i, n);
	d->have += (uint32_t)n;
	*used = i + n;
	return d->have == FIRMWARE_IMAGE ? ONERNG_DUMP_COMPLETE
					 : ONERNG_DUMP_MORE;
}

/* Whether data starts with text, or, being shorter, with its beginning. */
static int starts_with(const uint8_t *data, size_t len, const char *text)
{
	size_t n = strlen(text);

	return !memcmp(data, text, len < n ? len : n);
}

static int is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* What follows "\r\nVersion ": the contract of onerng_parse_version(). */
static int parse_version_number(const uint8_t *data, size_t len)
{
	unsigned int value = 0;
	size_t i;

	for (i = 0; i < len && i < VERSION_DIGITS && is_digit(data[i]); i++)
		value = value * 10 + (unsigned int)(data[i] - '0');
	if (i == len)
		return -EAGAIN;
	if (i == 0 || !starts_with(data + i, len - i, "\r\n"))
		return -EPROTO;
	if (len - i < 2)
		return -EAGAIN;
	return value >= 1 && value <= UINT16_MAX ? (int)value : -EPROTO;
}

int onerng_parse_version(const uint8_t *data, size_t len)
{
	static const char lead[] = "\r\nVersion ";
	const size_t lead_len = sizeof(lead) - 1;
	int result = -EAGAIN, r;

	for (size_t i = 0; i + lead_len <= len; i++) {
		if (memcmp(data + i, lead, lead_len) != 0)
			continue;
		i += lead_len;
		r = parse_version_number(data + i, len - i);
		if (r > 0)
			return r;
		if (r == -EPROTO)
			result = r;
		i--;
	}
	return result;
}

static int is_hex(uint8_t c)
{
	return is_digit(c) || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

/* What follows "\r\n________": the contract of onerng_parse_id(). */
static int parse_id_digits(const uint8_t *data, size_t len, char id[static 33])
{
	static const char tail[] = "________\r\n";
	size_t i;

	for (i = 0; i < len && i < ID_DIGITS; i++)
		if (!is_hex(data[i]))
			return -EPROTO;
	if (i < ID_DIGITS)
		return -EAGAIN;
	if (!starts_with(data + i, len - i, tail))
		return -EPROTO;
	if (len - i < sizeof(tail) - 1)
		return -EAGAIN;
	memcpy(id, data, ID_DIGITS);
	id[ID_DIGITS] = '\0';
	return 0;
}

int onerng_parse_id(const uint8_t *data, size_t len, char id[static 33])
{
	static const char lead[] = "\r\n________";
	const size_t lead_len = sizeof(lead) - 1;
	int result = -EAGAIN, r;

	for (size_t i = 0; i + lead_len <= len; i++) {
		if (memcmp(data + i, lead, lead_len) != 0)
			continue;
		r = parse_id_digits(data + i + lead_len, len - i - lead_len,
				    id);
		if (r == 0)
			return 0;
		if (r == -EPROTO)
			result = r;
	}
	return result;
}
