/*
 * mkimage - a firmware image of the simulated OneRNG, for tests that sign it
 *
 *	mkimage signed FIRMWARE		what a signature is made over
 *	mkimage dump FIRMWARE SIG	what the device sends: header and image
 *	mkimage flash FIRMWARE SIG	the device's flash, for onerng-sim
 *--image
 *
 * To standard output.  SIG is put in as it is, whatever it holds; one that is
 * longer than its place is cut, its length told in full.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/firmware.h"
#include "tests/sim/image.h"

#define UNIT_SEED 1

static uint8_t image[IMAGE_SIZE];

static size_t signed_length(unsigned int firmware)
{
	return IMAGE_SIZE - (firmware >= 3 ? IMAGE_SIG_V3 : IMAGE_SIG_V1);
}

static int add_signature(unsigned int firmware, const char *path)
{
	uint8_t *field = image + signed_length(firmware);
	size_t room = firmware >= 3 ? FIRMWARE_SIG_MAX_V3 : FIRMWARE_SIG_MAX_V1;
	FILE *file = fopen(path, "re");
	uint8_t sig[65536];
	size_t len;

	if (!file) {
		fprintf(stderr, "mkimage: %s: %s\n", path, strerror(errno));
		return -1;
	}
	len = fread(sig, 1, sizeof(sig) - 1, file);
	fclose(file);
	field[0] = (uint8_t)len;
	field[1] = (uint8_t)(len >> 8);
	memcpy(field + 2, sig, len < room ? len : room);
	return 0;
}

static int put(const void *data, size_t len)
{
	return fwrite(data, 1, len, stdout) == len ? 0 : -1;
}

static int put_dump(unsigned int firmware)
{
	uint8_t header[FIRMWARE_HEADER];

	firmware_make_header(header, firmware, IMAGE_TEXT);
	/* firmware 3 shows its unit's ID, key and secret as erased flash */
	if (firmware >= 3)
		memset(image + IMAGE_UNIT, 0xff, IMAGE_SIZE - IMAGE_UNIT);
	return put(header, sizeof(header)) < 0 ? -1 : put(image, IMAGE_SIZE);
}

int main(int argc, char *argv[])
{
	const char *verb = argc > 1 ? argv[1] : "";
	unsigned int firmware = argc > 2 ? (unsigned int)atoi(argv[2]) : 0;
	int r;

	if (firmware < 1 || firmware > 3 ||
	    argc != (strcmp(verb, "signed") == 0 ? 3 : 4)) {
		fprintf(stderr, "usage: mkimage signed 1|2|3 | "
				"dump 1|2|3 SIG | flash 1|2|3 SIG\n");
		return 2;
	}
	image_make(image, firmware, UNIT_SEED);
	if (argc == 4 && add_signature(firmware, argv[3]) < 0)
		return 1;
	if (strcmp(verb, "signed") == 0)
		r = put(image, signed_length(firmware));
	else if (strcmp(verb, "dump") == 0)
		r = put_dump(firmware);
	else
		r = put(image, IMAGE_SIZE);
	return r < 0 || fflush(stdout) == EOF;
}
