#include "tests/sim/crc16.h"

#define CRC16_POLYNOMIAL 0x8005

uint16_t crc16_update(uint16_t crc, uint8_t byte)
{
	unsigned int c = crc ^ ((unsigned int)byte << 8);

	for (int bit = 0; bit < 8; bit++)
		c = c & 0x8000 ? (c << 1) ^ CRC16_POLYNOMIAL : c << 1;
	return (uint16_t)c;
}
