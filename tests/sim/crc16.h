/*
 * crc16.h - the CC2531's CRC16 shift register, as the OneRNG's whitener uses it
 *
 * x^16 + x^15 + x^2 + 1, most significant bit first, not reflected (TI CC253x
 * user guide, SWRU191, random number generator).
 */
#ifndef TESTS_SIM_CRC16_H
#define TESTS_SIM_CRC16_H

#include <stdint.h>

uint16_t crc16_update(uint16_t crc, uint8_t byte);

#endif /* TESTS_SIM_CRC16_H */
