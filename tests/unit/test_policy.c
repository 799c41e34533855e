#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "ctl/policy.h"

static const struct domain_policy whole = {
	.class = "drbg",
	.when_absent = "refuse",
	.rate = 1,
	.burst = 0,
	.weight = 1000,
	.has_rate = true,
	.has_burst = true,
	.has_weight = true,
};

static void keys(const struct domain_policy *p, char out[static 200])
{
	FILE *f = fmemopen(out, 200, "w");

	policy_print_keys(p, f);
	fclose(f);
}

Test(policy, an_empty_one_is_not_given)
{
	const struct domain_policy empty = { 0 };
	char text[POLICY_ELEMENT_MAX];

	cr_assert(!policy_is_given(&empty));
	cr_assert_eq(policy_element(&empty, text), 0);
	cr_assert_str_eq(text, "<policy/>");
}

Test(policy, any_part_is_enough)
{
	struct domain_policy p = { .class = "raw" };

	cr_assert(policy_is_given(&p));
	p = (struct domain_policy){ .when_absent = "hold" };
	cr_assert(policy_is_given(&p));
	p = (struct domain_policy){ .has_rate = true };
	cr_assert(policy_is_given(&p));
	p = (struct domain_policy){ .has_burst = true };
	cr_assert(policy_is_given(&p));
	p = (struct domain_policy){ .has_weight = true };
	cr_assert(policy_is_given(&p));
}

Test(policy, the_element_has_every_attribute)
{
	char text[POLICY_ELEMENT_MAX];

	cr_assert_eq(policy_element(&whole, text), 0);
	cr_assert_str_eq(text, "<policy class='drbg' rate='1' burst='0' "
			       "weight='1000' when-absent='refuse'/>");
}

Test(policy, the_longest_element_fits)
{
	struct domain_policy p = whole;
	char text[POLICY_ELEMENT_MAX];

	p.rate = p.burst = p.weight = ~0ull;
	cr_assert_eq(policy_element(&p, text), 0);
	cr_assert_str_eq(text + strlen(text) - 2, "/>");
}

Test(policy, keys_have_the_names_of_the_configuration)
{
	char text[200] = "";

	keys(&whole, text);
	cr_assert_str_eq(text, "class=drbg\nrate=1\nburst=0\nweight=1000\n"
			       "when_absent=refuse\n");
}

Test(policy, what_is_given_replaces_and_the_rest_stays)
{
	const struct domain_policy over = { .class = "seed",
					    .weight = 2,
					    .has_weight = true };
	struct domain_policy p = whole;
	char text[200] = "";

	policy_overlay(&p, &over);
	keys(&p, text);
	cr_assert_str_eq(text, "class=seed\nrate=1\nburst=0\nweight=2\n"
			       "when_absent=refuse\n");
	p = (struct domain_policy){ 0 };
	policy_overlay(&p, &whole);
	cr_assert_eq(p.rate, 1);
	cr_assert(p.has_rate && p.has_burst && p.has_weight);
}
