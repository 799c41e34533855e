#include <criterion/criterion.h>
#include <string.h>

#include "ctl/near.h"

Test(near, a_letter_more_less_or_other_is_near)
{
	cr_assert(near_names("webb", "web"));
	cr_assert(near_names("wbe", "web"));
	cr_assert(near_names("mail", "maul"));
	cr_assert(near_names("build-server", "buidl-server"));
}

Test(near, a_part_of_a_name_is_near_in_any_case)
{
	cr_assert(near_names("WEB", "web-frontend"));
	cr_assert(near_names("frontend", "Web-Frontend-2"));
	cr_assert(near_names("web-frontend", "web"));
}

Test(near, another_name_is_not)
{
	cr_assert(!near_names("web", "mail"));
	cr_assert(!near_names("ab", "cd"));
	cr_assert(!near_names("database", "frontend"));
}

Test(near, nothing_is_near_to_nothing)
{
	cr_assert(!near_names("", "web"));
	cr_assert(!near_names("web", ""));
	cr_assert(!near_names("", ""));
}

Test(near, the_longest_that_are_compared)
{
	char a[NEAR_LEN_MAX + 2], b[NEAR_LEN_MAX + 2];

	memset(a, 'x', sizeof(a));
	memset(b, 'x', sizeof(b));
	a[NEAR_LEN_MAX] = b[NEAR_LEN_MAX] = '\0';
	a[0] = 'y';
	cr_assert(near_names(a, b));
	/* one longer is not, unless a part of the other */
	a[NEAR_LEN_MAX] = b[NEAR_LEN_MAX] = 'x';
	a[NEAR_LEN_MAX + 1] = b[NEAR_LEN_MAX + 1] = '\0';
	cr_assert(!near_names(a, b));
	cr_assert(near_names(a, "yxxx"));
}
