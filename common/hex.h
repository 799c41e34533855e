/*
 * hex.h - bytes as lower-case hex digits
 */
#ifndef COMMON_HEX_H
#define COMMON_HEX_H

#include <stddef.h>
#include <stdint.h>

/* 2 * len digits and a terminator. */
void hex_encode(char *out, const uint8_t *data, size_t len);

/* len bytes of a text of exactly 2 * len digits.  0 or -EINVAL. */
int hex_decode(uint8_t *out, size_t len, const char *text);

#endif /* COMMON_HEX_H */
