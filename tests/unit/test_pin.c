#include "common/pin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#define OTHER "0123456789ABCDEF0123456789ABCDEF01234567"

Test(pin, the_vendor_signs_with_either_of_two_keys)
{
	struct pin_set set = { .count = 0 };

	cr_assert_eq(pin_add_vendor(&set), 0);
	cr_assert(pin_allows(&set, PIN_VENDOR_PRIMARY, PIN_VENDOR_PRIMARY));
	cr_assert(pin_allows(&set, PIN_VENDOR_PRIMARY, PIN_VENDOR_SIGNING));
}

Test(pin, any_other_pair_counts_for_nothing)
{
	struct pin_set set = { .count = 0 };

	cr_assert_not(pin_allows(&set, PIN_VENDOR_PRIMARY, PIN_VENDOR_PRIMARY));
	pin_add_vendor(&set);
	cr_assert_not(pin_allows(&set, PIN_VENDOR_PRIMARY, OTHER));
	cr_assert_not(pin_allows(&set, OTHER, PIN_VENDOR_SIGNING));
	cr_assert_not(pin_allows(&set, PIN_VENDOR_SIGNING, PIN_VENDOR_SIGNING));
	cr_assert_not(pin_allows(&set, "", ""));
	cr_assert_not(pin_allows(&set, PIN_VENDOR_PRIMARY, ""));
}

Test(pin, a_primary_key_allows_all_its_keys)
{
	struct pin_set set = { .count = 0 };

	cr_assert_eq(pin_add(&set, OTHER), 0);
	cr_assert(pin_allows(&set, OTHER, OTHER));
	cr_assert(pin_allows(&set, OTHER, PIN_VENDOR_SIGNING));
	cr_assert_not(pin_allows(&set, PIN_VENDOR_PRIMARY, OTHER));
	cr_assert(pin_has_primary(&set, OTHER));
	cr_assert_not(pin_has_primary(&set, PIN_VENDOR_PRIMARY));
}

Test(pin, a_fingerprint_is_taken_as_gpg_prints_it)
{
	struct pin_set set = { .count = 0 };

	cr_assert_eq(pin_add(&set, "0123 4567 89ab cdef 0123  4567 89AB CDEF "
				   "0123 4567"),
		     0);
	cr_assert_str_eq(set.pin[0].primary, OTHER);
}

Test(pin, what_is_no_fingerprint_is_refused)
{
	static const char *const bad[] = {
		"",
		" ",
		"0123456789ABCDEF",
		"0123456789ABCDEF0123456789ABCDEF0123456",
		"0123456789ABCDEF0123456789ABCDEF012345678",
		"0123456789ABCDEF0123456789ABCDEF0123456G",
		" 0123456789ABCDEF0123456789ABCDEF01234567",
		"0x0123456789ABCDEF0123456789ABCDEF01234567",
		"0123456789ABCDEF0123456789ABCDEF01234567\n",
	};
	struct pin_set set = { .count = 0 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(pin_add(&set, bad[i]), -EINVAL, "'%s'", bad[i]);
	cr_assert_eq(set.count, 0);
}

Test(pin, the_same_key_twice_is_one_and_one_too_many_is_refused)
{
	struct pin_set set = { .count = 0 };
	char text[PIN_HEX + 1];

	for (unsigned int i = 0; i < PIN_MAX; i++) {
		snprintf(text, sizeof(text), "%040x", i);
		cr_assert_eq(pin_add(&set, text), 0);
		cr_assert_eq(pin_add(&set, text), 0);
		cr_assert_eq(set.count, i + 1);
	}
	cr_assert_eq(pin_add(&set, OTHER), -ENOSPC);
	cr_assert_eq(pin_add_vendor(&set), -ENOSPC);
}

Test(pin, a_digest_becomes_upper_case_digits)
{
	static const unsigned char sha1[20] = { 0x01, 0xab, [19] = 0xf0 };
	char out[PIN_HEX + 1];

	pin_hex(out, sha1);
	cr_assert_str_eq(out, "01AB0000000000000000000000000000000000F0");
}

Test(pin, the_same_pins_in_the_same_order_are_the_same)
{
	struct pin_set a = { .count = 0 }, b = { .count = 0 };

	cr_assert(pin_same(&a, &b));
	pin_add_vendor(&a);
	cr_assert_not(pin_same(&a, &b));
	pin_add_vendor(&b);
	cr_assert(pin_same(&a, &b));
	b.pin[1].signer[0] = 'F';
	cr_assert_not(pin_same(&a, &b));
	b = a;
	pin_add(&b, "0123456789012345678901234567890123456789");
	cr_assert_not(pin_same(&a, &b));
	cr_assert_not(pin_same(&b, &a));
}
