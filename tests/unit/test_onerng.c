/*
 * test_onerng.c - what a OneRNG says, found among noise
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host-agent/onerng.h"

#define DUMP	   (FIRMWARE_HEADER + FIRMWARE_IMAGE)
#define PREFIX_MAX 64

static const uint8_t magic[] = { 0xfe, 0xed, 0xbe, 0xef, 0x20, 0x14 };
static uint8_t *image, *wire;

static void setup(void)
{
	/* exact, so that a sanitizer sees the first byte too many */
	image = malloc(FIRMWARE_IMAGE);
	wire = malloc(PREFIX_MAX + DUMP + ONERNG_PACKET);
	cr_assert(image && wire);
}

static void teardown(void)
{
	free(image);
	free(wire);
}

TestSuite(dump, .init = setup, .fini = teardown);

/* A header with these fields at p. */
static void put_header(uint8_t *p, uint32_t length, unsigned int version)
{
	memcpy(p, magic, sizeof(magic));
	p[6] = (uint8_t)length;
	p[7] = (uint8_t)(length >> 8);
	p[8] = (uint8_t)(length >> 16);
	p[9] = (uint8_t)version;
	p[10] = (uint8_t)(version >> 8);
	p[11] = 0xe0;
	p[12] = 0x2e;
}

static uint8_t image_byte(size_t i)
{
	return (uint8_t)(i ^ (i >> 8) ^ (i >> 16));
}

/* prefix, a good dump, 64 bytes of pool; how long that is. */
static size_t make_wire(const void *prefix, size_t len)
{
	memcpy(wire, prefix, len);
	put_header(wire + len, FIRMWARE_IMAGE, 3);
	for (size_t i = 0; i < FIRMWARE_IMAGE; i++)
		wire[len + FIRMWARE_HEADER + i] = image_byte(i);
	memset(wire + len + DUMP, 0x99, ONERNG_PACKET);
	return len + DUMP + ONERNG_PACKET;
}

/* Feeds the wire in pieces of step; the last result and what was used. */
static enum onerng_dump_result feed(struct onerng_dump *d, size_t len,
				    size_t step, size_t *used)
{
	enum onerng_dump_result r = ONERNG_DUMP_MORE;
	size_t at = 0, part;

	onerng_dump_init(d, image);
	while (at < len && r != ONERNG_DUMP_COMPLETE) {
		r = onerng_dump_feed(d, wire + at,
				     len - at < step ? len - at : step, &part);
		at += part;
	}
	*used = at;
	return r;
}

static void expect_whole(const void *prefix, size_t prefix_len, size_t step)
{
	struct onerng_dump d;
	size_t used, len = make_wire(prefix, prefix_len);

	cr_assert_eq(feed(&d, len, step, &used), ONERNG_DUMP_COMPLETE,
		     "prefix of %zu, step %zu", prefix_len, step);
	cr_assert_eq(used, prefix_len + DUMP);
	cr_assert_eq(d.have, FIRMWARE_IMAGE);
	cr_assert_eq(d.version, 3);
	cr_assert_eq(d.text_size, 0x2ee0);
	cr_assert_eq(d.skipped, prefix_len);
	cr_assert_null(d.why);
	for (size_t i = 0; i < FIRMWARE_IMAGE; i++)
		if (image[i] != image_byte(i))
			cr_assert_fail("image differs at %zu", i);
}

Test(dump, is_read_whole_and_what_follows_is_left)
{
	expect_whole("", 0, DUMP + ONERNG_PACKET);
}

Test(dump, is_found_behind_noise)
{
	expect_whole("noise", 5, 16384);
}

Test(dump, is_found_behind_a_partial_magic)
{
	expect_whole("\xfe", 1, 64);
	expect_whole("\xfe\xfe\xfe", 3, 64);
	expect_whole("\xfe\xed\xbe\xef\x20", 5, 64);
	expect_whole("\xfe\xed\xbe\xef\x20\x15", 6, 64);
	expect_whole("\xfe\xed\xfe\xed\xbe", 5, 64);
}

Test(dump, vendor_matcher_case_is_found)
{
	/* on the wire: fe fe ed be ef 20 14 */
	expect_whole("\xfe", 1, 1);
}

Test(dump, may_be_split_at_every_byte_of_header_and_magic)
{
	for (size_t step = 1; step <= FIRMWARE_HEADER + 8; step++)
		expect_whole("ab\xfe\xed", 4, step);
}

Test(dump, first_piece_may_end_anywhere_in_the_header)
{
	for (size_t cut = 0; cut <= FIRMWARE_HEADER + 1; cut++) {
		struct onerng_dump d;
		size_t used, len = make_wire("", 0);

		onerng_dump_init(&d, image);
		cr_assert_eq(onerng_dump_feed(&d, wire, cut, &used),
			     ONERNG_DUMP_MORE);
		cr_assert_eq(used, cut);
		cr_assert_eq(onerng_dump_feed(&d, wire + cut, len - cut, &used),
			     ONERNG_DUMP_COMPLETE);
		cr_assert_eq(used, DUMP - cut);
	}
}

Test(dump, one_byte_short_is_not_complete)
{
	struct onerng_dump d;
	size_t used;

	make_wire("", 0);
	cr_assert_eq(feed(&d, DUMP - 1, 4096, &used), ONERNG_DUMP_MORE);
	cr_assert_eq(d.have, FIRMWARE_IMAGE - 1);
}

Test(dump, nothing_fed_is_nothing_used)
{
	struct onerng_dump d;
	size_t used = 99;

	onerng_dump_init(&d, image);
	cr_assert_eq(onerng_dump_feed(&d, wire, 0, &used), ONERNG_DUMP_MORE);
	cr_assert_eq(used, 0);
	cr_assert_eq(d.version, 0);
}

Test(dump, nothing_is_used_once_complete)
{
	struct onerng_dump d;
	size_t used, len = make_wire("", 0);

	cr_assert_eq(feed(&d, len, len, &used), ONERNG_DUMP_COMPLETE);
	cr_assert_eq(onerng_dump_feed(&d, wire, 64, &used),
		     ONERNG_DUMP_COMPLETE);
	cr_assert_eq(used, 0);
}

static void expect_bad(uint32_t length, unsigned int version, const char *word)
{
	struct onerng_dump d;
	size_t used;

	memset(wire, 0x11, DUMP);
	put_header(wire, length, version);
	onerng_dump_init(&d, image);
	cr_assert_eq(onerng_dump_feed(&d, wire, DUMP, &used), ONERNG_DUMP_BAD,
		     "length %u version %#x", length, version);
	cr_assert_eq(used, FIRMWARE_HEADER);
	cr_assert_not_null(d.why);
	cr_assert_not_null(strstr(d.why, word));
	cr_assert_eq(d.have, 0);
	cr_assert_eq(d.version, 0);
}

Test(dump, header_with_another_length_is_bad)
{
	static const uint32_t lengths[] = { 0,
					    1,
					    15,
					    600,
					    0x01f00f,
					    FIRMWARE_IMAGE - 1,
					    FIRMWARE_IMAGE + 1,
					    0xffffff };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		expect_bad(lengths[i], 3, "length");
}

Test(dump, header_with_another_version_is_bad)
{
	static const unsigned int versions[] = { 0,	 4,	 7,	0x0103,
						 0x0300, 0x7007, 0xffff };

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		expect_bad(FIRMWARE_IMAGE, versions[i], "version");
}

Test(dump, versions_1_to_3_are_good)
{
	for (unsigned int v = 1; v <= 3; v++) {
		struct onerng_dump d;
		size_t used;

		put_header(wire, FIRMWARE_IMAGE, v);
		onerng_dump_init(&d, image);
		cr_assert_eq(onerng_dump_feed(&d, wire, 13, &used),
			     ONERNG_DUMP_MORE);
		cr_assert_eq(d.version, v);
	}
}

Test(dump, is_found_behind_a_chance_magic)
{
	struct onerng_dump d;
	uint8_t prefix[20];
	size_t used, len;

	memcpy(prefix, magic, sizeof(magic));
	memset(prefix + sizeof(magic), 0x77, sizeof(prefix) - sizeof(magic));
	len = make_wire(prefix, sizeof(prefix));
	cr_assert_eq(feed(&d, len, 64, &used), ONERNG_DUMP_COMPLETE);
	cr_assert_eq(d.skipped, sizeof(prefix));
	cr_assert_null(d.why);
	cr_assert_eq(image[1000], image_byte(1000));
}

Test(dump, is_found_where_a_chance_magic_overlaps_it)
{
	struct onerng_dump d;
	size_t used, len;

	/* the true magic is where the false header's fields would be */
	for (size_t pad = 0; pad <= 7; pad++) {
		uint8_t prefix[13];

		memcpy(prefix, magic, sizeof(magic));
		memset(prefix + sizeof(magic), 0xfe, 7);
		len = make_wire(prefix, sizeof(magic) + pad);
		cr_assert_eq(feed(&d, len, 7, &used), ONERNG_DUMP_COMPLETE,
			     "pad %zu", pad);
		cr_assert_eq(used, sizeof(magic) + pad + DUMP);
		cr_assert_eq(image[0], image_byte(0));
	}
}

static int version_of(const char *text)
{
	return onerng_parse_version((const uint8_t *)text, strlen(text));
}

Test(version, is_read)
{
	cr_assert_eq(version_of("\r\nVersion 3\r\n"), 3);
	cr_assert_eq(version_of("\r\nVersion 65535\r\n"), 65535);
	cr_assert_eq(version_of("\r\nVersion 1\r\ntrailing"), 1);
}

Test(version, is_found_glued_to_random_bytes)
{
	uint8_t buf[64 + 13 + 64];
	unsigned int seed = (unsigned int)getpid();

	cr_log_info("seed %u", seed);
	srand(seed);
	for (size_t at = 0; at <= 128; at++) {
		for (size_t i = 0; i < sizeof(buf); i++)
			buf[i] = (uint8_t)rand();
		memcpy(buf + at, "\r\nVersion 2\r\n", 13);
		cr_assert_eq(onerng_parse_version(buf, sizeof(buf)), 2,
			     "at %zu", at);
	}
}

Test(version, cut_short_is_not_there_yet)
{
	const char *whole = "\r\nVersion 3\r\n";

	for (size_t len = 0; len < strlen(whole); len++)
		cr_assert_eq(onerng_parse_version((const uint8_t *)whole, len),
			     -EAGAIN, "%zu", len);
}

Test(version, out_of_range_or_no_number_is_an_error)
{
	cr_assert_eq(version_of("\r\nVersion 0\r\n"), -EPROTO);
	cr_assert_eq(version_of("\r\nVersion 65536\r\n"), -EPROTO);
	cr_assert_eq(version_of("\r\nVersion 123456\r\n"), -EPROTO);
	cr_assert_eq(version_of("\r\nVersion -3\r\n"), -EPROTO);
	cr_assert_eq(version_of("\r\nVersion \r\n"), -EPROTO);
	cr_assert_eq(version_of("\r\nVersion 3\n\r"), -EPROTO);
	cr_assert_eq(version_of("\r\nVersion 3.1\r\n"), -EPROTO);
}

Test(version, a_bad_one_does_not_hide_a_good_one)
{
	cr_assert_eq(version_of("\r\nVersion x\r\nVersion 3\r\n"), 3);
	cr_assert_eq(version_of("\r\nVersion \r\nVersion 3\r\n"), 3);
}

Test(version, absent_is_not_there)
{
	cr_assert_eq(version_of(""), -EAGAIN);
	cr_assert_eq(version_of("Version 3\r\n"), -EAGAIN);
	cr_assert_eq(version_of("\nVersion 3\r\n"), -EAGAIN);
	cr_assert_eq(version_of("\r\nversion 3\r\n"), -EAGAIN);
}

#define ID	 "00112233445566778899AABBCCDDEEFF"
#define ID_REPLY "\r\n________" ID "________\r\n"

static int id_of(const char *text, char id[static 33])
{
	return onerng_parse_id((const uint8_t *)text, strlen(text), id);
}

Test(id, is_read)
{
	char id[33];

	cr_assert_eq(id_of(ID_REPLY, id), 0);
	cr_assert_str_eq(id, ID);
}

Test(id, is_found_glued_to_random_bytes)
{
	uint8_t buf[64 + 52 + 64];
	unsigned int seed = (unsigned int)getpid();
	char id[33];

	cr_log_info("seed %u", seed);
	srand(seed);
	for (size_t at = 0; at <= 128; at++) {
		for (size_t i = 0; i < sizeof(buf); i++)
			buf[i] = (uint8_t)rand();
		memcpy(buf + at, ID_REPLY, 52);
		cr_assert_eq(onerng_parse_id(buf, sizeof(buf), id), 0);
		cr_assert_str_eq(id, ID);
	}
}

Test(id, cut_short_is_not_there_yet)
{
	char id[33];

	for (size_t len = 0; len < 52; len++)
		cr_assert_eq(
			onerng_parse_id((const uint8_t *)ID_REPLY, len, id),
			-EAGAIN, "%zu", len);
}

Test(id, malformed_is_an_error)
{
	char id[33] = "kept";

	cr_assert_eq(id_of("\r\n________" ID "_______\r\n", id), -EPROTO);
	cr_assert_eq(id_of("\r\n_________" ID "________\r\n", id), -EPROTO);
	cr_assert_eq(id_of("\r\n________0011223344556677G899AABBCCDDEEFF"
			   "________\r\n",
			   id),
		     -EPROTO);
	cr_assert_eq(id_of("\r\n________" ID "0________\r\n", id), -EPROTO);
	cr_assert_str_eq(id, "kept");
}

Test(id, a_bad_one_does_not_hide_a_good_one)
{
	char id[33];

	cr_assert_eq(id_of("\r\n________xx\r\n" ID_REPLY, id), 0);
	cr_assert_eq(id_of("\r\n________" ID_REPLY, id), 0);
}

Test(id, absent_is_not_there)
{
	char id[33];

	cr_assert_eq(id_of("", id), -EAGAIN);
	cr_assert_eq(id_of(ID, id), -EAGAIN);
}
