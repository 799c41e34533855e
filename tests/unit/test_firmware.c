#include "common/firmware.h"

#include <string.h>

#include <criterion/criterion.h>

#define AT_V3 (FIRMWARE_IMAGE - 680) /* the signature's length */
#define AT_V1 (FIRMWARE_IMAGE - 600)

static uint8_t dump[FIRMWARE_DUMP + 1];
static uint8_t *const image = dump + FIRMWARE_HEADER;

static size_t length_at(unsigned int version)
{
	return version >= 3 ? AT_V3 : AT_V1;
}

static void set_length(unsigned int version, unsigned int sig_len)
{
	image[length_at(version)] = (uint8_t)sig_len;
	image[length_at(version) + 1] = (uint8_t)(sig_len >> 8);
}

/* Program 0x22, signature 0x88, erased behind it. */
static void make(unsigned int version, unsigned int sig_len)
{
	size_t at = length_at(version);

	memset(dump, 0xff, sizeof(dump));
	firmware_make_header(dump, version, 12000);
	memset(image, 0x22, at);
	set_length(version, sig_len);
	memset(image + at + 2, 0x88, sig_len);
}

static enum firmware_fault split(unsigned int version)
{
	struct firmware_parts parts;

	return firmware_split(image, FIRMWARE_IMAGE, version, &parts);
}

Test(firmware, firmware_3_is_signed_up_to_680_bytes_from_its_end)
{
	struct firmware_parts parts;

	make(3, 543);
	cr_assert_eq(firmware_split(image, FIRMWARE_IMAGE, 3, &parts),
		     FIRMWARE_WELL_FORMED);
	cr_assert_eq(parts.data, image);
	cr_assert_eq(parts.data_len, 261464);
	cr_assert_eq(parts.sig, image + 261466);
	cr_assert_eq(parts.sig_len, 543);
}

Test(firmware, firmware_1_and_2_are_signed_up_to_600_bytes_from_their_end)
{
	struct firmware_parts parts;

	for (unsigned int version = 1; version <= 2; version++) {
		make(version, 543);
		cr_assert_eq(
			firmware_split(image, FIRMWARE_IMAGE, version, &parts),
			FIRMWARE_WELL_FORMED);
		cr_assert_eq(parts.data_len, 261544);
		cr_assert_eq(parts.sig, image + 261546);
		cr_assert_eq(parts.sig_len, 543);
	}
}

Test(firmware, the_longest_signature_of_firmware_3_is_550_bytes)
{
	make(3, 1);
	cr_assert_eq(split(3), FIRMWARE_WELL_FORMED);
	make(3, 550);
	cr_assert_eq(split(3), FIRMWARE_WELL_FORMED);
	set_length(3, 551);
	cr_assert_eq(split(3), FIRMWARE_SIG_LENGTH);
	set_length(3, 0xfffe);
	cr_assert_eq(split(3), FIRMWARE_SIG_LENGTH);
}

Test(firmware, the_longest_signature_of_firmware_1_and_2_is_598_bytes)
{
	for (unsigned int version = 1; version <= 2; version++) {
		make(version, 598);
		cr_assert_eq(split(version), FIRMWARE_WELL_FORMED);
		set_length(version, 599);
		cr_assert_eq(split(version), FIRMWARE_SIG_LENGTH);
	}
}

Test(firmware, a_length_of_nothing_or_erased_flash_is_no_signature)
{
	make(3, 0);
	cr_assert_eq(split(3), FIRMWARE_UNSIGNED);
	set_length(3, 0xffff);
	cr_assert_eq(split(3), FIRMWARE_UNSIGNED);
	make(1, 0);
	cr_assert_eq(split(1), FIRMWARE_UNSIGNED);
	set_length(1, 0xffff);
	cr_assert_eq(split(1), FIRMWARE_UNSIGNED);
}

Test(firmware, every_byte_behind_the_signature_is_erased)
{
	size_t first = AT_V3 + 2 + 119;

	make(3, 119);
	for (size_t i = first; i < FIRMWARE_IMAGE; i++) {
		image[i] = 0xfe;
		cr_assert_eq(split(3), FIRMWARE_FILL, "byte %zu", i);
		image[i] = 0xff;
	}
	cr_assert_eq(split(3), FIRMWARE_WELL_FORMED);
}

Test(firmware, erased_flash_is_told_from_a_missing_signature)
{
	memset(image, 0xff, FIRMWARE_IMAGE);
	cr_assert_eq(split(3), FIRMWARE_ERASED);
	cr_assert_eq(split(1), FIRMWARE_ERASED);
	image[FIRMWARE_IMAGE - 1] = 0;
	cr_assert_eq(split(3), FIRMWARE_UNSIGNED);
	image[FIRMWARE_IMAGE - 1] = 0xff;
	image[0] = 0;
	cr_assert_eq(split(3), FIRMWARE_UNSIGNED);
}

Test(firmware, only_versions_1_to_3_have_a_layout)
{
	static const unsigned int versions[] = { 0, 4, 0x0103, 0xffff };

	make(3, 119);
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		cr_assert_eq(split(versions[i]), FIRMWARE_VERSION);
}

Test(firmware, an_image_of_another_size_is_not_looked_into)
{
	static const size_t sizes[] = { 0, 1, 600, 262143, 262145, 0xffffff };
	struct firmware_parts parts = { .data_len = 7 };

	make(3, 119);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		cr_assert_eq(firmware_split(NULL, sizes[i], 3, &parts),
			     FIRMWARE_IMAGE_LENGTH);
	cr_assert_eq(parts.data_len, 7, "parts are left alone");
}

Test(firmware, a_dump_is_a_header_and_an_image)
{
	struct firmware_dump d;

	for (unsigned int version = 1; version <= 3; version++) {
		make(version, 119);
		cr_assert_eq(firmware_read_dump(dump, FIRMWARE_DUMP, &d),
			     FIRMWARE_WELL_FORMED);
		cr_assert_eq(d.version, version);
		cr_assert_eq(d.text_size, 12000);
		cr_assert_eq(d.image, image);
	}
}

Test(firmware, the_header_is_what_the_device_sends)
{
	static const uint8_t wanted[] = { 0xfe, 0xed, 0xbe, 0xef, 0x20, 0x14, 0,
					  0,	4,    3,    0,	  0xe0, 0x2e };
	uint8_t header[FIRMWARE_HEADER];

	firmware_make_header(header, 3, 12000);
	cr_assert_eq(memcmp(header, wanted, sizeof(wanted)), 0);
}

Test(firmware, every_dump_that_is_too_short_is_incomplete)
{
	static const size_t sizes[] = { 0,   1,	     5,
					6,   12,     13,
					600, 100000, FIRMWARE_DUMP - 1 };
	struct firmware_dump d;

	make(3, 119);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		cr_assert_eq(firmware_read_dump(dump, sizes[i], &d),
			     FIRMWARE_DUMP_SHORT, "%zu bytes", sizes[i]);
	cr_assert_eq(firmware_read_dump(dump, FIRMWARE_DUMP + 1, &d),
		     FIRMWARE_DUMP_LONG);
}

Test(firmware, a_header_out_of_range_is_refused)
{
	static const uint8_t lengths[][3] = {
		{ 0, 0, 0 }, { 1, 0, 0 }, { 0x58, 2, 0 }, { 0, 0, 3 },
		{ 1, 0, 4 }, { 0, 1, 4 }, { 0, 0, 0x14 }, { 0xff, 0xff, 0xff }
	};
	static const uint8_t versions[][2] = { { 0, 0 }, { 4, 0 }, { 3, 1 } };
	struct firmware_dump d;

	make(3, 119);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memcpy(dump + 6, lengths[i], 3);
		cr_assert_eq(firmware_read_dump(dump, FIRMWARE_DUMP, &d),
			     FIRMWARE_DUMP_LENGTH);
	}
	make(3, 119);
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		memcpy(dump + 9, versions[i], 2);
		cr_assert_eq(firmware_read_dump(dump, FIRMWARE_DUMP, &d),
			     FIRMWARE_VERSION);
	}
	for (size_t i = 0; i < 6; i++) {
		make(3, 119);
		dump[i] ^= 1;
		cr_assert_eq(firmware_read_dump(dump, FIRMWARE_DUMP, &d),
			     FIRMWARE_DUMP_MAGIC);
	}
}

Test(firmware, every_fault_has_a_name_and_a_reason_of_its_own)
{
	for (int a = 0; a < FIRMWARE_FAULTS; a++) {
		cr_assert(firmware_fault_name(a) && firmware_fault_text(a));
		for (int b = 0; b < a; b++) {
			cr_assert_str_neq(firmware_fault_name(a),
					  firmware_fault_name(b));
			cr_assert_str_neq(firmware_fault_text(a),
					  firmware_fault_text(b));
		}
	}
}
