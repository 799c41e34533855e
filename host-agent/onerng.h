/*
 * onerng.h - what a OneRNG says, decoded; pure, no I/O
 *
 * Commands and replies as in firmware 1 to 3 (OneRNG/firmware, cdc_app.c).
 */
#ifndef HOST_AGENT_ONERNG_H
#define HOST_AGENT_ONERNG_H

#include <stddef.h>
#include <stdint.h>

#include "common/firmware.h"

#define ONERNG_VENDOR  0x1d50
#define ONERNG_PRODUCT 0x6086
#define ONERNG_PACKET  64    /* bulk packets, both ways */
#define ONERNG_POOL    7168  /* the device's own ring */
#define ONERNG_FIFO    128   /* two IN packets */
#define ONERNG_BURST   65536 /* unchecked packets after a reply, fw 3 */

/* A dump is found in a stream that may start with stale noise. */
enum onerng_dump_result {
	ONERNG_DUMP_MORE,     /* not complete yet */
	ONERNG_DUMP_COMPLETE, /* the last image byte was seen */
	ONERNG_DUMP_BAD,      /* header out of range: see why */
};

struct onerng_dump {
	uint8_t *image;	  /* FIRMWARE_IMAGE bytes, the caller's */
	uint32_t have;	  /* image bytes so far */
	uint16_t version; /* 1..3 once the header was seen */
	uint16_t text_size;
	uint64_t skipped; /* bytes before the magic */
	const char *why;
	/* private */
	uint8_t header[FIRMWARE_HEADER];
	uint8_t header_have;
};

void onerng_dump_init(struct onerng_dump *d, uint8_t *image);

/*
 * Takes len bytes off the wire; *used is how many belong to what precedes and
 * includes the image (the rest is pool data).  Finds the magic at any offset,
 * also after a partial one; after ONERNG_DUMP_BAD the search may go on with
 * what was not used, and why keeps the reason until a good header is found.
 */
enum onerng_dump_result onerng_dump_feed(struct onerng_dump *d,
					 const uint8_t *data, size_t len,
					 size_t *used);

/*
 * "\r\nVersion N\r\n" anywhere in data.  1..65535, -EAGAIN (not there) or
 * -EPROTO (there, but no number in range).
 */
int onerng_parse_version(const uint8_t *data, size_t len);

/*
 * "\r\n" 8x'_' 32 hex digits 8x'_' "\r\n" anywhere in data.  0 with id
 * terminated, -EAGAIN or -EPROTO.
 */
int onerng_parse_id(const uint8_t *data, size_t len, char id[static 33]);

#endif /* HOST_AGENT_ONERNG_H */
