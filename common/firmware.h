/*
 * firmware.h - where a OneRNG's firmware image holds its signature; pure
 *
 * Layout as in the published build (OneRNG/firmware, Makefile, set_size.c):
 * program and public padding, 2 bytes of length, a detached OpenPGP signature,
 * erased flash to the end.  Firmware 3 sends its last 128 bytes (ID, key and
 * secret of the unit) as erased flash.
 */
#ifndef COMMON_FIRMWARE_H
#define COMMON_FIRMWARE_H

#include <stddef.h>
#include <stdint.h>

#define FIRMWARE_IMAGE	     262144
#define FIRMWARE_HEADER	     13 /* of a dump, in front of the image */
#define FIRMWARE_DUMP	     (FIRMWARE_HEADER + FIRMWARE_IMAGE)
#define FIRMWARE_VERSION_MAX 3
#define FIRMWARE_UNIT	     128 /* masked bytes, firmware 3 */
#define FIRMWARE_SIG_MAX_V3  550
#define FIRMWARE_SIG_MAX_V1  598 /* firmware 1 and 2 */

enum firmware_fault {
	FIRMWARE_WELL_FORMED,
	FIRMWARE_DUMP_SHORT,   /* less than a header and an image */
	FIRMWARE_DUMP_LONG,    /* more than that */
	FIRMWARE_DUMP_MAGIC,   /* does not start with the magic */
	FIRMWARE_DUMP_LENGTH,  /* the header's image length is not 262144 */
	FIRMWARE_IMAGE_LENGTH, /* not 262144 bytes */
	FIRMWARE_VERSION,      /* not 1..3 */
	FIRMWARE_ERASED,       /* every byte is 0xff */
	FIRMWARE_UNSIGNED,     /* signature length 0 or 0xffff */
	FIRMWARE_SIG_LENGTH,   /* longer than its place */
	FIRMWARE_FILL,	       /* not erased flash behind the signature */
	FIRMWARE_FAULTS,
};

/* Both point into the image. */
struct firmware_parts {
	const uint8_t *data; /* what is signed */
	size_t data_len;
	const uint8_t *sig; /* detached, binary */
	size_t sig_len;
};

/* parts is set only if the image is well formed; says nothing of its worth. */
enum firmware_fault firmware_split(const uint8_t *image, size_t len,
				   unsigned int version,
				   struct firmware_parts *parts);

struct firmware_dump {
	unsigned int version;
	unsigned int text_size; /* informative, not signed */
	const uint8_t *image;	/* FIRMWARE_IMAGE bytes, into the dump */
};

/* A whole dump: header and image, nothing before or behind. */
enum firmware_fault firmware_read_dump(const uint8_t *dump, size_t len,
				       struct firmware_dump *out);

/* The header that a device sends in front of such an image. */
void firmware_make_header(uint8_t header[static FIRMWARE_HEADER],
			  unsigned int version, unsigned int text_size);

/* A word for programs ("unsigned"), a line for people: reason, what to do. */
const char *firmware_fault_name(enum firmware_fault fault);
const char *firmware_fault_text(enum firmware_fault fault);

#endif /* COMMON_FIRMWARE_H */
