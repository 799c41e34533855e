/*
 * image.h - a plausible OneRNG flash image
 *
 * The same program and padding for every unit of a firmware version; ID, key
 * and secret differ from unit to unit.  Unsigned: the place of the signature
 * is erased flash.  Layout as in the published build (OneRNG/firmware,
 * Makefile, set_size.c, manufacturing.c).
 */
#ifndef TESTS_SIM_IMAGE_H
#define TESTS_SIM_IMAGE_H

#include <stdint.h>

#define IMAGE_SIZE   262144
#define IMAGE_TEXT   12000   /* bytes of program */
#define IMAGE_UNIT   0x3ff80 /* per-unit area, firmware 3 */
#define IMAGE_ID     16	     /* bytes at IMAGE_UNIT, then key and secret */
#define IMAGE_SIG_V3 680     /* signature length field, from the end */
#define IMAGE_SIG_V1 600     /* likewise in firmware 1 and 2 */

/* Fills image; firmware is 1..3. */
void image_make(uint8_t image[static IMAGE_SIZE], unsigned int firmware,
		uint64_t unit_seed);

/* Flash as in a file of exactly IMAGE_SIZE bytes.  0 or -errno (-EMSGSIZE). */
int image_read(uint8_t image[static IMAGE_SIZE], const char *path);

#endif /* TESTS_SIM_IMAGE_H */
