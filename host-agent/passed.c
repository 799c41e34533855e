#include "host-agent/passed.h"

#include <stdbool.h>
#include <stdint.h>

static bool take(unsigned int *out, const json_t *row, size_t i)
{
	const json_t *n = json_array_get(row, i);
	json_int_t value = json_integer_value(n);

	*out = (unsigned int)value;
	return json_is_integer(n) && value >= 0 && value <= UINT16_MAX;
}

size_t passed_parse(struct passed out[static PASSED_MAX], const json_t *list)
{
	size_t i, n = 0;
	const json_t *row;

	for (i = 0; i < json_array_size(list) && n < PASSED_MAX; i++) {
		row = json_array_get(list, i);
		n += json_array_size(row) == 4 &&
		     take(&out[n].vendor, row, 0) &&
		     take(&out[n].product, row, 1) &&
		     take(&out[n].bus, row, 2) && take(&out[n].device, row, 3);
	}
	return n;
}
