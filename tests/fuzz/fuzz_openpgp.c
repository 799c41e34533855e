/*
 * A key file: taking off the armor never makes it longer, and what was read as
 * a key reads the same without armor.
 */
#include "ctl/openpgp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void read_key(const uint8_t *binary, size_t len)
{
	uint8_t *again = malloc(len ? len : 1);
	struct openpgp_key key;
	const char *why;
	size_t again_len;

	require(again != NULL);
	if (openpgp_read_key(binary, len, &key, &why) < 0) {
		require(why && *why);
	} else {
		require(strlen(key.primary) == PIN_HEX && !why);
		require(key.subkeys <= OPENPGP_SUBKEYS_MAX);
		require(openpgp_dearmor(binary, len, again, &again_len, &why) ==
			0);
		require(again_len == len && memcmp(again, binary, len) == 0);
	}
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *out = malloc(size ? size : 1);
	const char *why;
	size_t len;

	require(out != NULL);
	if (openpgp_dearmor(data, size, out, &len, &why) < 0) {
		require(why && *why);
	} else {
		require(len <= size);
		read_key(out, len);
	}
	free(out);
	return 0;
}
