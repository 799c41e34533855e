#include "lxc/container_id.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define LETTERS                                                            \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_." \
	"-"
#define FNV_START 0x811c9dc5u /* FNV-1a, 32 bits */
#define FNV_PRIME 0x01000193u
#define STEM_MAX  (CONTAINER_ID_MAX - 1 - 9) /* "-" and 8 digits */

bool container_id_valid(const char *id)
{
	return lxc_id_valid(id);
}

static uint32_t hash(const char *s)
{
	uint32_t h = FNV_START;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * FNV_PRIME;
	return h;
}

void container_id_derive(const char *name, const char *config,
			 char out[static CONTAINER_ID_MAX])
{
	size_t n = 0;

	for (; *name && n < STEM_MAX; name++) {
		if (!strchr(LETTERS, *name))
			out[n++] = '_';
		else if (n || (*name != '.' && *name != '-'))
			out[n++] = *name;
	}
	if (!n)
		out[n++] = 'c';
	snprintf(out + n, CONTAINER_ID_MAX - n, "-%08x", hash(config));
}
