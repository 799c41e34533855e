#include <errno.h>
#include <string.h>

#include <criterion/criterion.h>

#include "common/hex.h"

Test(hex, every_byte_comes_back)
{
	uint8_t in[256], out[256];
	char text[513];

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	hex_encode(text, in, sizeof(in));
	cr_assert_eq(strlen(text), 512);
	cr_assert_eq(strncmp(text, "000102", 6), 0);
	cr_assert_str_eq(text + 506, "fdfeff");
	cr_assert_eq(hex_decode(out, sizeof(out), text), 0);
	cr_assert_arr_eq(in, out, sizeof(in));
}

Test(hex, no_bytes_are_an_empty_text)
{
	char text[1] = { 'x' };

	hex_encode(text, NULL, 0);
	cr_assert_str_eq(text, "");
	cr_assert_eq(hex_decode(NULL, 0, ""), 0);
}

Test(hex, other_lengths_and_letters_are_refused)
{
	static const char *const wrong[] = { "",   "0",	  "000", "0000", "0g",
					     "A0", "a\n", " 0",	 "-1",	 "x0" };
	uint8_t byte;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_assert_eq(hex_decode(&byte, 1, wrong[i]), -EINVAL, "%s",
			     wrong[i]);
}
