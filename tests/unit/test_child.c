#include "host-agent/child.h"

#include <criterion/criterion.h>

Test(child, delays_double_from_a_quarter_of_a_second_to_thirty)
{
	static const unsigned int wanted[] = { 250,  500,   1000,  2000, 4000,
					       8000, 16000, 30000, 30000 };
	size_t i;

	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		cr_assert_eq(child_backoff_ms((unsigned int)i), wanted[i]);
	cr_assert_eq(child_backoff_ms(0xffffffff), 30000);
}
