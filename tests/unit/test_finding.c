#include "common/finding.h"

#include <criterion/criterion.h>

static const struct finding_rule rule = { "code", FINDING_NOTE, "why",
					  "do %s, then %s" };
static const struct finding_rule other_rule = { "other", FINDING_ERROR, "why",
						"do it" };

static struct findings one, two;

static void clean_up(void)
{
	findings_clear(&one);
	findings_clear(&two);
}

TestSuite(finding, .fini = clean_up);

Test(finding, a_command_names_what_was_checked_wherever_it_has_to)
{
	finding_add(&one, &rule, "web", 0, "x");
	finding_add(&one, &other_rule, "web", 0, "x");
	cr_expect_str_eq(one.finding[0].command, "do web, then web");
	cr_expect_str_eq(one.finding[1].command, "do it");
	cr_expect_null(one.finding[0].in);
}

static void join(void)
{
	findings_join(&one, &two, "first", "second", "both");
	cr_expect_eq(two.count, 0);
}

Test(finding, what_is_on_both_sides_is_one)
{
	finding_add(&one, &rule, "web", 3, "x");
	finding_add(&one, &rule, "web", 4, "y");
	finding_add(&two, &rule, "web", 30, "x");
	finding_add(&two, &other_rule, "web", 40, "x");
	join();
	cr_assert_eq(one.count, 3);
	cr_expect_str_eq(one.finding[0].in, "both");
	cr_expect_eq(one.finding[0].line, 3);
	cr_expect_str_eq(one.finding[1].in, "first");
	cr_expect_str_eq(one.finding[2].in, "second");
	cr_expect_str_eq(one.finding[2].code, "other");
}

Test(finding, two_of_the_same_on_each_side_are_two)
{
	for (int i = 0; i < 2; i++) {
		finding_add(&one, &rule, "web", 3, "x");
		finding_add(&two, &rule, "web", 3, "x");
	}
	finding_add(&two, &rule, "web", 3, "x");
	join();
	cr_assert_eq(one.count, 3);
	cr_expect_str_eq(one.finding[0].in, "both");
	cr_expect_str_eq(one.finding[1].in, "both");
	cr_expect_str_eq(one.finding[2].in, "second");
}

Test(finding, what_there_is_no_room_for_is_left_out)
{
	for (int i = 0; i < FINDINGS_MAX; i++)
		finding_add(&one, &rule, "web", 3, "%d", i);
	finding_add(&two, &rule, "web", 3, "another");
	join();
	cr_expect_eq(one.count, FINDINGS_MAX);
}

Test(finding, json_says_which_of_two_sides)
{
	json_t *list;

	finding_add(&one, &rule, "web", 3, "x");
	list = findings_json(&one);
	cr_expect_null(json_object_get(json_array_get(list, 0), "in"));
	json_decref(list);
	join();
	list = findings_json(&one);
	cr_expect_str_eq(json_string_value(json_object_get(
				 json_array_get(list, 0), "in")),
			 "first");
	json_decref(list);
}
