#include "lxc/container_id.h"

#include <string.h>

#include <criterion/criterion.h>

Test(container_id, letters_digits_and_three_signs_make_one)
{
	cr_expect(container_id_valid("a"));
	cr_expect(container_id_valid("web-1.example_2"));
	cr_expect(container_id_valid("_a"));
	cr_expect_not(container_id_valid(""));
	cr_expect_not(container_id_valid(".a"));
	cr_expect_not(container_id_valid("-a"));
	cr_expect_not(container_id_valid("a b"));
	cr_expect_not(container_id_valid("a/b"));
	cr_expect_not(container_id_valid("a$(b)"));
	cr_expect_not(container_id_valid("a\n"));
	cr_expect_not(container_id_valid("\xc3\xa4"));
}

Test(container_id, it_has_at_most_63_letters)
{
	char id[CONTAINER_ID_MAX + 1];

	memset(id, 'a', sizeof(id));
	id[63] = '\0';
	cr_expect(container_id_valid(id));
	id[63] = 'a';
	id[64] = '\0';
	cr_expect_not(container_id_valid(id));
}

static void derives(const char *name)
{
	char one[CONTAINER_ID_MAX], other[CONTAINER_ID_MAX];

	container_id_derive(name, "/var/lib/lxc/a/config", one);
	container_id_derive(name, "/srv/lxc/a/config", other);
	cr_expect(container_id_valid(one), "%s: %s", name, one);
	cr_expect(container_id_valid(other), "%s: %s", name, other);
	cr_expect_str_neq(one, other);
	container_id_derive(name, "/srv/lxc/a/config", one);
	cr_expect_str_eq(one, other, "it is always the same");
}

Test(container_id, any_name_has_one_by_its_place)
{
	char name[400];

	derives("web");
	derives("");
	derives("...");
	derives("-rf");
	derives("x$(touch INJ2)");
	derives("\xff\xfe\n");
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	derives(name);
	memset(name, '.', sizeof(name) - 1);
	derives(name);
}
