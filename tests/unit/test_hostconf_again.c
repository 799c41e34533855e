#include "host-agent/hostconf_files.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UUID_A "11111111-2222-3333-4444-55555555aaaa"
#define UUID_B "11111111-2222-3333-4444-55555555bbbb"
#define UUID_C "11111111-2222-3333-4444-55555555cccc"
#define A      "[domain a]\nuuid=" UUID_A "\n"
#define B      "[domain b]\nuuid=" UUID_B "\n"

static char folder[64], path[96], err[INI_WHY_MAX];
static struct hostconf *conf; /* in use */

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "we");

	cr_assert_not_null(f, "%s", name);
	fputs(text, f);
	cr_assert_eq(fclose(f), 0);
}

static const char *place(const char *name)
{
	static char file[256];

	snprintf(file, sizeof(file), "%s.d/%s", path, name);
	return file;
}

static void drop_in(const char *name, const char *text)
{
	write_file(place(name), text);
}

static void start(void)
{
	hostconf_free(conf);
	cr_assert_eq(hostconf_load_for_start(path, &conf, err, sizeof(err)), 0,
		     "%s", err);
}

static void set_up(void)
{
	char dir[128];

	snprintf(folder, sizeof(folder), "/tmp/onerng-again-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/hostd.conf", folder);
	snprintf(dir, sizeof(dir), "%s.d", path);
	cr_assert_eq(mkdir(dir, 0700), 0);
	write_file(path, "[consumers]\nrate=7\n");
	drop_in("domain-a.conf", A "burst=1\n");
	drop_in("domain-b.conf", B);
	start();
}

static void tear_down(void)
{
	char command[128];

	hostconf_free(conf);
	conf = NULL;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	cr_assert_eq(system(command), 0);
}

TestSuite(hostconf_again, .init = set_up, .fini = tear_down);

/* What is in use is replaced, or stays if it is refused. */
static int again(void)
{
	struct hostconf *new;
	int r = hostconf_load_again(path, conf, &new, err, sizeof(err));

	if (r < 0) {
		cr_assert_null(new);
		return r;
	}
	hostconf_free(conf);
	conf = new;
	return 0;
}

/* The domain of that name; NULL. */
static const struct hostconf_consumer *domain(const char *name)
{
	for (size_t i = 0; i < conf->domains_count; i++)
		if (!strcmp(conf->domains[i].name, name))
			return &conf->domains[i];
	return NULL;
}

/* Taken, but for one drop-in, with that reason. */
static void one_is_wrong(const char *why, bool kept)
{
	cr_assert_eq(again(), 0, "%s", err);
	cr_assert_eq(conf->faults_count, 1);
	cr_assert(strstr(conf->faults[0].why, why), "%s", conf->faults[0].why);
	cr_assert_eq(conf->faults[0].kept, kept);
}

Test(hostconf_again, what_is_right_is_taken_as_it_is)
{
	drop_in("domain-a.conf", A "burst=2\n");
	cr_assert_eq(again(), 0);
	cr_assert_eq(conf->faults_count, 0);
	cr_assert_eq(domain("a")->limits.burst_bytes, 2);
}

Test(hostconf_again, a_drop_in_that_became_wrong_says_what_it_said)
{
	drop_in("domain-a.conf", A "burst=much\n");
	drop_in("domain-b.conf", B "burst=9\n");
	one_is_wrong("domain-a.conf:3: ", true);
	cr_assert_eq(domain("a")->limits.burst_bytes, 1);
	cr_assert_eq(domain("b")->limits.burst_bytes, 9, "others wait for it");
	cr_assert_not(conf->faults[0].ends_start);
}

Test(hostconf_again, also_at_the_reloads_after_that)
{
	drop_in("domain-a.conf", "[domain a\n");
	one_is_wrong("domain-a.conf:1: ", true);
	drop_in("domain-c.conf", "[domain c]\nuuid=" UUID_C "\n");
	one_is_wrong("domain-a.conf:1: ", true);
	cr_assert_not_null(domain("a"));
	cr_assert_not_null(domain("c"));
	drop_in("domain-a.conf", A "burst=3\n");
	cr_assert_eq(again(), 0);
	cr_assert_eq(conf->faults_count, 0, "it is mended");
	cr_assert_eq(domain("a")->limits.burst_bytes, 3);
}

Test(hostconf_again, one_that_cannot_be_read_says_what_it_said)
{
	cr_assert_eq(unlink(place("domain-a.conf")), 0);
	cr_assert_eq(mkdir(place("domain-a.conf"), 0700), 0);
	one_is_wrong("domain-a.conf: cannot be ", true);
	cr_assert_not_null(domain("a"));
}

Test(hostconf_again, one_that_was_never_right_is_left_out)
{
	drop_in("domain-c.conf", "[domain c]\nuuid=" UUID_C "\nrate=x\n");
	one_is_wrong("domain-c.conf:3: ", false);
	cr_assert_null(domain("c"), "half of it is there");
	cr_assert_not_null(domain("a"));
}

Test(hostconf_again, so_is_one_that_the_start_left_out)
{
	drop_in("domain-a.conf", A "rate=x\n");
	start();
	cr_assert_null(domain("a"));
	one_is_wrong("domain-a.conf:3: ", false);
	cr_assert_null(domain("a"));
}

Test(hostconf_again, one_that_is_removed_is_not_kept)
{
	drop_in("domain-a.conf", "[nonsense]\n");
	one_is_wrong("domain-a.conf:1: ", true);
	unlink(place("domain-a.conf"));
	cr_assert_eq(again(), 0);
	cr_assert_eq(conf->faults_count, 0);
	cr_assert_null(domain("a"));
}

Test(hostconf_again, a_newcomer_that_clashes_is_left_out)
{
	drop_in("domain-c.conf", "[domain c]\nuuid=" UUID_A "\n");
	one_is_wrong("already", false);
	cr_assert_not_null(domain("a"));
	unlink(place("domain-c.conf"));
	drop_in("domain-c.conf", "[domain c]\nrate=1\n");
	one_is_wrong("no uuid", false);
	cr_assert_null(domain("c"));
}

Test(hostconf_again, nor_does_one_in_front_push_others_aside)
{
	drop_in("domain-0.conf", "[domain z]\nuuid=" UUID_A "\n");
	drop_in("domain-c.conf", "[domain c]\nuuid=" UUID_C "\n");
	one_is_wrong("domain-0.conf:2: ", false);
	cr_assert_not_null(domain("a"));
	cr_assert_not_null(domain("c"), "others cannot be attached");
	drop_in("domain-a.conf", A "rate=x\n");
	cr_assert_lt(again(), 0, "one that is wrong has no place for sure");
	cr_assert_not_null(domain("a"));
}

Test(hostconf_again, two_that_change_places_are_right)
{
	drop_in("domain-a.conf", "[domain a]\nuuid=" UUID_B "\n");
	drop_in("domain-b.conf", "[domain b]\nuuid=" UUID_A "\n");
	drop_in("domain-c.conf", "[domain c]\nrate=1\n");
	one_is_wrong("no uuid", false);
	cr_assert_str_eq(domain("a")->uuid, UUID_B);
	cr_assert_str_eq(domain("b")->uuid, UUID_A);
}

Test(hostconf_again, of_what_concerns_all_nothing_gets_weaker)
{
	drop_in("limits.conf", "[consumers]\nrate=5\n");
	cr_assert_eq(again(), 0);
	cr_assert_eq(domain("b")->limits.rate_bytes, 5);
	drop_in("limits.conf", "[consumers]\nweight=2\nrate=none\n");
	one_is_wrong("limits.conf:3: ", true);
	cr_assert_eq(domain("b")->limits.rate_bytes, 5);
	cr_assert_eq(domain("b")->limits.weight, 1, "half of it is there");
	cr_assert(conf->faults[0].ends_start);
}

Test(hostconf_again, an_error_in_the_file_itself_refuses_all)
{
	write_file(path, "[consumers]\nrate=x\n");
	drop_in("domain-a.conf", A "burst=2\n");
	cr_assert_lt(again(), 0);
	cr_assert(strstr(err, "hostd.conf:2: "), "%s", err);
	write_file(path, "[domain x]\nrate=1\n");
	cr_assert_lt(again(), 0);
	cr_assert(strstr(err, "no uuid"), "%s", err);
	cr_assert_eq(domain("a")->limits.burst_bytes, 1);
}
