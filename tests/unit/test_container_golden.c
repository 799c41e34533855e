/*
 * tests/data/containers: each configuration as it was, attached/ as it must be
 * with our include; detached/ as it must be without, if that is not as it was.
 */
#include "lxc/container_edit.h"

#include "tests/unit/golden.h"

#define FOLDER	"tests/data/containers"
#define DIR_LXC "/etc/onerng/lxc"
#define FILES	25 /* at least */

/* The text that comes of it: the same one if nothing has to change. */
static char *attach(const char *text, const char *id)
{
	char *out;
	int r = container_edit_attach(text, DIR_LXC, id, &out);

	cr_assert_geq(r, 0);
	cr_assert_eq(r, out != NULL);
	return out ? out : strdup(text);
}

static char *detach(const char *text)
{
	char *out;
	int r = container_edit_detach(text, DIR_LXC, &out);

	cr_assert_geq(r, 0);
	cr_assert_eq(r, out != NULL);
	return out ? out : strdup(text);
}

static void as_written(const char *name, const char *text)
{
	char *want = golden_read(FOLDER, "attached", name);
	char *want_back = golden_read(FOLDER, "detached", name);
	char *out = attach(text, "web"), *again, *back;

	cr_assert(want, "%s has no attached/", name);
	cr_expect_str_eq(out, want, "%s: attach", name);
	again = attach(out, "web");
	cr_expect_str_eq(again, out, "%s: attach is idempotent", name);
	back = detach(out);
	cr_expect_str_eq(back, want_back ? want_back : text, "%s: detach",
			 name);
	free(again);
	again = detach(back);
	cr_expect_str_eq(again, back, "%s: detach is idempotent", name);
	free(again);
	again = attach(back, "another-1");
	free(out);
	out = detach(again);
	cr_expect_str_eq(out, back, "%s: to the byte", name);
	free(out);
	free(again);
	free(back);
	free(want_back);
	free(want);
}

Test(container_golden, attach_changes_only_what_is_ours_and_detach_undoes_it)
{
	golden_each(FOLDER, ".conf", FILES, as_written);
}

Test(container_golden, an_empty_configuration_is_one)
{
	char *out = attach("", "web"), *back = detach(out);

	cr_expect_str_eq(out, "lxc.include = " DIR_LXC "/web.d/\n");
	cr_expect_str_eq(back, "");
	free(back);
	free(out);
}
