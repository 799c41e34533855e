#include "lxc/container_conf.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/folder.h"

TestSuite(container_conf, .init = folder_make, .fini = folder_remove);

/* Each @ in what stands for the folder. */
static void fill(char *out, size_t size, const char *what)
{
	FILE *f = fmemopen(out, size, "w");

	cr_assert_not_null(f);
	for (; *what; what++)
		if (*what == '@')
			fputs(folder, f);
		else
			fputc(*what, f);
	fclose(f);
}

static struct container_sum sum_of(const char *what, const char *skip)
{
	struct container_sum sum;
	char text[1024], name[64];

	fill(text, sizeof(text), what);
	fill(name, sizeof(name), "@/config");
	container_conf_sum(name, text, skip, &sum);
	return sum;
}

Test(container_conf, items_are_read_as_lxc_reads_them)
{
	static const char text[] =
		"# lxc.a = 1\n\n  lxc.b=2\r\nlxc.c = \"3 4\" \n"
		"other.d = 5\nlxc.e\nlxc.f =\nlxc.g = '6";
	static const struct {
		const char *key, *value;
		unsigned int line;
	} want[] = { { "lxc.b", "2", 3 },
		     { "lxc.c", "3 4", 4 },
		     { "lxc.f", "", 7 },
		     { "lxc.g", "'6", 8 } };
	struct container_place place = { 0 };
	struct container_item item;

	for (size_t i = 0; i < 4; i++) {
		cr_assert(container_conf_next(text, &place, &item));
		cr_expect(container_item_is(&item, want[i].key));
		cr_expect(container_item_has(&item, want[i].value));
		cr_expect_eq(item.line, want[i].line);
	}
	cr_expect_not(container_conf_next(text, &place, &item));
}

Test(container_conf, a_container_without_rules_may_use_everything)
{
	struct container_sum sum = sum_of("lxc.uts.name = a\n", NULL);

	cr_expect_not(sum.rules[0]);
	cr_expect_not(sum.rules[1]);
	cr_expect_not(sum.idmapped);
	cr_expect_eq(sum.hook_version, 0);
}

Test(container_conf, rules_count_by_family_also_from_includes)
{
	struct container_sum sum;

	folder_text("common.conf", "lxc.cgroup2.devices.deny = a\n");
	sum = sum_of("lxc.include = @/common.conf\nlxc.hook.version = 1\n",
		     NULL);
	cr_expect_not(sum.rules[0]);
	cr_expect(sum.rules[1]);
	cr_expect_eq(sum.hook_version, 1);
	sum = sum_of("lxc.include = @/common.conf\n"
		     "lxc.cgroup.devices.allow = c 1:3 rw\n"
		     "lxc.cgroup2.devices.deny =\n",
		     NULL);
	cr_expect(sum.rules[0]);
	cr_expect_not(sum.rules[1], "they were emptied");
}

Test(container_conf, what_is_ours_does_not_count)
{
	struct container_sum sum;
	char skip[64];

	fill(skip, sizeof(skip), "@/ours");
	folder_text("x", "");
	sum = sum_of("lxc.include = @/ours/a.d/\n", skip);
	cr_expect_not(sum.rules[1]);
}

Test(container_conf, the_hosts_numbers_of_its_root_are_known)
{
	struct container_sum sum = sum_of(
		"lxc.idmap = u 1000 1000 1\nlxc.idmap = u 0 100000 1000\n"
		"lxc.idmap = g 0 200000 65536\n",
		NULL);

	cr_expect(sum.idmapped);
	cr_expect_eq(sum.uid, 100000);
	cr_expect_eq(sum.gid, 200000);
	sum = sum_of("lxc.idmap = b 0 5 1000\nlxc.idmap =\n", NULL);
	cr_expect_not(sum.idmapped);
}

Test(container_conf, includes_that_include_each_other_end)
{
	char text[256];

	fill(text, sizeof(text),
	     "lxc.include = @/a.conf\nlxc.include = @/a.conf\n"
	     "lxc.include = @/\n");
	folder_text("a.conf", text);
	sum_of("lxc.include = @/a.conf\nlxc.cgroup.devices.deny = a\n", NULL);
}

static unsigned int missing_line;

static void note_missing(void *ctx, const char *file,
			 const struct container_item *item)
{
	(void)ctx;
	(void)file;
	missing_line = item->line;
}

Test(container_conf, a_file_that_is_not_there_is_noticed_and_a_folder_is_not)
{
	struct container_walk w = { .missing = note_missing };

	container_conf_walk(&w, "config",
			    "lxc.include = /nowhere/\nlxc.include = a.conf\n");
	cr_expect_eq(missing_line, 0);
	container_conf_walk(&w, "config", "\nlxc.include = /nowhere\n");
	cr_expect_eq(missing_line, 2);
}
