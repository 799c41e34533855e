/*
 * readernoise.c - noise whose every byte tells where it is from, for readerpeer
 *
 *	readernoise FILE BYTES
 *
 * Records of four bytes 11nnnnnn 10nnnnnn 01nnnnnn 00nnnnnn that count up.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define RECORDS_MAX (1u << 24)

static void make_record(uint32_t n, uint8_t out[static 4])
{
	out[0] = (uint8_t)(0xc0 | (n >> 18 & 0x3f));
	out[1] = (uint8_t)(0x80 | (n >> 12 & 0x3f));
	out[2] = (uint8_t)(0x40 | (n >> 6 & 0x3f));
	out[3] = (uint8_t)(n & 0x3f);
}

int main(int argc, char *argv[])
{
	unsigned long records = argc == 3 ? strtoul(argv[2], NULL, 10) / 4 : 0;
	uint8_t r[4];
	FILE *f;

	if (!records || records > RECORDS_MAX)
		return 2;
	f = fopen(argv[1], "we");
	if (!f)
		return 1;
	/* begins at 1, so that no record is all tags */
	for (uint32_t i = 1; i <= records; i++) {
		make_record(i, r);
		if (fwrite(r, sizeof(r), 1, f) != 1)
			return 1;
	}
	return fclose(f) ? 1 : 0;
}
