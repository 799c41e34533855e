#include "host-agent/hostconf_files.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UUID_A "11111111-2222-3333-4444-55555555aaaa"
#define UUID_B "11111111-2222-3333-4444-55555555bbbb"

static char folder[64], path[96], err[INI_WHY_MAX];
static struct hostconf *conf;

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "we");

	cr_assert_not_null(f, "%s", name);
	fputs(text, f);
	cr_assert_eq(fclose(f), 0);
}

static void drop_in(const char *name, const char *text)
{
	char file[256];

	snprintf(file, sizeof(file), "%s.d/%s", path, name);
	write_file(file, text);
}

static void set_up(void)
{
	char dir[128];

	snprintf(folder, sizeof(folder), "/tmp/onerng-start-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/hostd.conf", folder);
	snprintf(dir, sizeof(dir), "%s.d", path);
	cr_assert_eq(mkdir(dir, 0700), 0);
	write_file(path, "[consumers]\nrate=7\n");
	drop_in("domain-a.conf", "[domain a]\nuuid=" UUID_A "\n");
}

static void tear_down(void)
{
	char command[128];

	hostconf_free(conf);
	conf = NULL;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	cr_assert_eq(system(command), 0);
}

TestSuite(hostconf_start, .init = set_up, .fini = tear_down);

static int start(void)
{
	return hostconf_load_for_start(path, &conf, err, sizeof(err));
}

/* Of all that is there, one is left out, for that reason; a is served. */
static void one_is_left_out(const char *why)
{
	struct hostconf *strict;

	cr_assert_lt(hostconf_load(path, &strict, err, sizeof(err)), 0,
		     "a strict reading takes it");
	cr_assert_eq(start(), 0, "%s", err);
	cr_assert_eq(conf->faults_count, 1);
	cr_assert(strstr(conf->faults[0].why, why), "%s", conf->faults[0].why);
	cr_assert_str_eq(conf->domains[0].uuid, UUID_A);
	cr_assert_eq(conf->domains[0].limits.rate_bytes, 7);
}

Test(hostconf_start, what_is_right_is_taken_as_it_is)
{
	cr_assert_eq(start(), 0, "%s", err);
	cr_assert_eq(conf->faults_count, 0);
	cr_assert_eq(conf->domains_count, 1);
}

Test(hostconf_start, a_domains_wrong_drop_in_is_left_out_with_file_and_line)
{
	drop_in("domain-0.conf", "[domain x]\nuuid=" UUID_B "\nrate=much\n");
	one_is_left_out("domain-0.conf:3: ");
	cr_assert_eq(conf->domains_count, 1, "half of it is there");
}

Test(hostconf_start, so_is_a_containers)
{
	drop_in("container-x.conf", "[container x]\ndevice=toaster\n");
	one_is_left_out("container-x.conf:2: ");
	cr_assert_eq(conf->containers_count, 0);
}

Test(hostconf_start, so_is_one_that_is_no_text_or_not_readable)
{
	drop_in("domain-b.conf", "[domain b\n");
	one_is_left_out("domain-b.conf:1: ");
	hostconf_free(conf);
	drop_in("domain-b.conf", "\001\002");
	one_is_left_out("domain-b.conf:1: ");
	hostconf_free(conf);
	drop_in("domain-b.conf", "[domain b]\nuuid=" UUID_A "\n");
	one_is_left_out("already");
}

Test(hostconf_start, so_is_one_whose_domain_has_no_uuid)
{
	drop_in("domain-b.conf", "[domain b]\nrate=1\n");
	one_is_left_out("no uuid");
}

Test(hostconf_start, a_link_that_leads_nowhere_is_left_out)
{
	char file[256];

	snprintf(file, sizeof(file), "%s.d/domain-z.conf", path);
	cr_assert_eq(symlink("/no/such/file", file), 0);
	one_is_left_out("cannot be opened");
}

static void is_fatal(const char *why)
{
	cr_assert_lt(start(), 0);
	cr_assert_null(conf);
	cr_assert(strstr(err, why), "%s", err);
}

Test(hostconf_start, a_section_that_a_later_file_completes_is_nobodys_fault)
{
	write_file(path, "[domain z]\nrate=5\n");
	drop_in("container-x.conf", "[container x]\nsocket=maybe\n");
	drop_in("domain-b.conf", "[domain b]\nrate=1\n");
	drop_in("domain-z.conf", "[domain z]\nuuid=" UUID_B "\n");
	cr_assert_eq(start(), 0, "%s", err);
	cr_assert_eq(conf->faults_count, 2, "%s", conf->faults[1].why);
	cr_assert(strstr(conf->faults[0].why, "container-x.conf:2: "), "%s",
		  conf->faults[0].why);
	cr_assert(strstr(conf->faults[1].why, "[domain b] has no uuid"), "%s",
		  conf->faults[1].why);
	cr_assert_eq(conf->domains_count, 2);
	cr_assert_eq(conf->domains[0].limits.rate_bytes, 5);
}

Test(hostconf_start, a_section_without_its_drop_in_is_left_out_with_it)
{
	write_file(path, "[consumers]\nrate=7\n[domain z]\nrate=5\n");
	drop_in("domain-z.conf", "[domain z]\nuuid=" UUID_B "\nrate=x\n");
	one_is_left_out("domain-z.conf:3: ");
}

Test(hostconf_start, an_error_in_the_file_itself_is_one)
{
	write_file(path, "[domain b]\nuuid=1\n");
	is_fatal("hostd.conf:2: ");
	write_file(path, "[domain b]\nrate=1\n");
	is_fatal("no uuid");
}

Test(hostconf_start, an_error_in_what_concerns_all_is_one)
{
	drop_in("limits.conf", "[consumers]\nrate=much\n");
	is_fatal("limits.conf:2: ");
}

Test(hostconf_start, a_domains_drop_in_with_other_sections_is_one_of_all)
{
	drop_in("domain-b.conf",
		"[domain b]\nuuid=x\n \t[source]\nmin_entropy=1\n");
	is_fatal("domain-b.conf:2: ");
}
