#include "tests/sim/image.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/crc16.h"
#include "tests/sim/noise.h"

#define IMAGE_CRC     0x3ffe0 /* CRC16 of everything before it */
#define IMAGE_PADDING 0x0e14  /* seed: the padding is public and fixed */

/* 8051 opcodes that a compiler emits most; the rest is operands. */
static const uint8_t opcodes[] = {
	0x75, 0x85, 0x90, 0xe0, 0xf0, 0xa3, 0x12, 0x22, 0x60, 0x70, 0x80, 0x02,
};

static void make_program(uint8_t *text, struct noise_prng *g)
{
	for (unsigned int i = 0; i < IMAGE_TEXT; i++) {
		uint64_t r = noise_prng_next(g);

		text[i] = r & 1 ? opcodes[(r >> 8) % sizeof(opcodes)]
				: (uint8_t)(r >> 8 & 0x3f);
	}
	/* Reset vector: ljmp 0x0100. */
	memcpy(text, (const uint8_t[]){ 0x02, 0x01, 0x00 }, 3);
}

static void make_unit(uint8_t *image, uint64_t unit_seed)
{
	struct noise_prng g;
	uint16_t crc = 0xffff;

	noise_prng_seed(&g, unit_seed ^ IMAGE_UNIT);
	for (unsigned int i = IMAGE_UNIT; i < IMAGE_CRC; i++)
		image[i] = (uint8_t)noise_prng_next(&g);
	for (unsigned int i = 0; i < IMAGE_CRC; i++)
		crc = crc16_update(crc, image[i]);
	image[IMAGE_CRC] = (uint8_t)crc;
	image[IMAGE_CRC + 1] = (uint8_t)(crc >> 8);
}

void image_make(uint8_t image[static IMAGE_SIZE], unsigned int firmware,
		uint64_t unit_seed)
{
	unsigned int end =
		IMAGE_SIZE - (firmware >= 3 ? IMAGE_SIG_V3 : IMAGE_SIG_V1);
	struct noise_prng program, padding;

	memset(image, 0xff, IMAGE_SIZE);
	noise_prng_seed(&program, firmware);
	noise_prng_seed(&padding, IMAGE_PADDING);
	make_program(image, &program);
	for (unsigned int i = IMAGE_TEXT; i < end; i++)
		image[i] = (uint8_t)noise_prng_next(&padding);
	if (firmware >= 3)
		make_unit(image, unit_seed);
}

int image_read(uint8_t image[static IMAGE_SIZE], const char *path)
{
	FILE *f = fopen(path, "re");
	int r = 0;

	if (!f)
		return -errno;
	if (fread(image, 1, IMAGE_SIZE, f) != IMAGE_SIZE || getc(f) != EOF)
		r = -EMSGSIZE;
	fclose(f);
	return r;
}
