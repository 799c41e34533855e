/*
 * test_baselines.c - what boards were like, from one process to the next
 */
#include "host-agent/baselines.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"

#define A     "0123456789abcdef"
#define B     "fedcba9876543210"
#define RATES "\"ones\":[8388608,4299161],\"same\":[8388592,4194304],"
#define REST  "\"mode\":[1048576,4500],\"blocks\":[4096,3]}"
#define ENTRY "{\"unit\":\"" A "\",\"since\":1700000000," RATES REST

static char folder[] = "/tmp/onerng-baselines-XXXXXX";
static char dir[64], path[128];
static struct baselines b, next;
static struct trend_baseline found;

static void set_up(void)
{
	log_init("test", LOG_LEVEL_ERR);
	cr_assert_not_null(mkdtemp(folder));
	snprintf(dir, sizeof(dir), "%s/state", folder);
	snprintf(path, sizeof(path), "%s/baselines.json", dir);
	baselines_load(&b, dir);
}

static void tear_down(void)
{
	unlink(path);
	rmdir(dir);
	rmdir(folder);
}

TestSuite(baselines, .init = set_up, .fini = tear_down);

static struct trend_baseline learnt(uint64_t ones, bool blocks)
{
	struct trend_baseline base = {
		.ones = { 8388608, ones },
		.same = { 8388592, 4194304 },
		.mode = { 1048576, 4500 },
		.since_s = 1700000000,
	};

	base.blocks.n = blocks ? 4096 : 17;
	base.blocks.hits = blocks ? 3 : 0;
	return base;
}

static void note(const char *unit, uint64_t ones, bool blocks)
{
	struct trend_baseline base = learnt(ones, blocks);

	baselines_note(&b, unit, &base);
}

static bool next_knows(const char *unit)
{
	memset(&next, 0, sizeof(next));
	baselines_load(&next, dir);
	return baselines_recall(&next, unit, &found);
}

static size_t parse(const char *text)
{
	json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	size_t dropped;

	memset(&next, 0, sizeof(next));
	cr_assert_not_null(o, "%s", text);
	dropped = baselines_parse(&next, o);
	json_decref(o);
	return dropped;
}

static void leave(const char *text)
{
	FILE *f = fopen(path, "we");

	cr_assert_not_null(f);
	fputs(text, f);
	fclose(f);
	chmod(path, 0600);
}

Test(baselines, what_was_learnt_is_there_after_a_restart)
{
	struct trend_baseline base = learnt(4299161, true);

	note(A, 4299161, true);
	cr_assert(next_knows(A));
	cr_assert_eq(memcmp(&found.ones, &base.ones, 4 * sizeof(base.ones)), 0);
	cr_assert_eq(found.since_s, 1700000000);
}

Test(baselines, of_another_unit_nothing_is_known)
{
	note(A, 4299161, true);
	cr_assert_not(next_knows(B));
	note(B, 4400000, true);
	cr_assert(next_knows(A));
	cr_assert_eq(found.ones.hits, 4299161);
	cr_assert(next_knows(B));
	cr_assert_eq(found.ones.hits, 4400000);
}

Test(baselines, who_has_no_unit_is_not_known)
{
	note("", 4299161, true);
	cr_assert_eq(b.count, 0);
	cr_assert_not(baselines_recall(&b, "", &found));
}

Test(baselines, one_that_is_learnt_never_changes)
{
	note(A, 4299161, false);
	note(A, 4400000, true);
	note(A, 4500000, true);
	cr_assert(next_knows(A));
	cr_assert_eq(found.ones.hits, 4299161);
	note(A, 4299161, true);
	cr_assert(next_knows(A));
	cr_assert_eq(found.blocks.hits, 3);
}

Test(baselines, blocks_are_kept_once_they_are_learnt)
{
	note(A, 4299161, false);
	cr_assert(next_knows(A));
	cr_assert_eq(found.blocks.n, 0, "17 of them are none");
	note(A, 4299161, true);
	cr_assert(next_knows(A));
	cr_assert_eq(found.blocks.n, 4096);
}

Test(baselines, what_is_forgotten_leaves_no_file)
{
	note(A, 4299161, true);
	note(B, 4299161, true);
	baselines_forget(&b, A);
	cr_assert_not(next_knows(A));
	cr_assert(next_knows(B));
	baselines_forget(&b, A);
	baselines_forget(&b, "");
	baselines_forget(&b, B);
	cr_assert_eq(access(path, F_OK), -1);
	note(A, 4500000, true);
	cr_assert(next_knows(A));
	cr_assert_eq(found.ones.hits, 4500000, "and is learnt anew");
}

Test(baselines, the_one_that_was_away_for_longest_leaves)
{
	char unit[BASELINES_UNIT_MAX];

	for (unsigned int i = 0; i <= BASELINES_MAX; i++) {
		snprintf(unit, sizeof(unit), "%016x", i);
		note(unit, 4299161 + i, true);
		note(A, 4299161, true);
	}
	cr_assert_eq(b.count, BASELINES_MAX);
	cr_assert(next_knows(A), "it was there all the time");
	cr_assert_not(next_knows("0000000000000001"));
	cr_assert(next_knows("0000000000000002"));
	cr_assert_eq(found.ones.hits, 4299163);
	cr_assert(next_knows("0000000000000020"));
}

Test(baselines, file_and_folder_are_the_agents_alone)
{
	struct stat st;

	note(A, 4299161, true);
	cr_assert_eq(stat(dir, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0700);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0600);
	chmod(path, 0622);
	cr_assert_not(next_knows(A), "others could have written it");
}

Test(baselines, what_cannot_be_written_is_kept_and_tried_again)
{
	struct rlimit none = { 0, RLIM_INFINITY }, was;

	note(A, 4299161, true);
	getrlimit(RLIMIT_FSIZE, &was);
	none.rlim_max = was.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);
	note(B, 4400000, true);
	cr_assert(strstr(b.lacks, path), "%s", b.lacks);
	cr_assert(strstr(b.lacks, "File too large"), "%s", b.lacks);
	cr_assert_eq(baselines_save(&b), -EFBIG);
	cr_assert(baselines_recall(&b, B, &found), "known to this one");
	setrlimit(RLIMIT_FSIZE, &was);
	cr_assert(next_knows(A), "the file before stays whole");
	cr_assert_eq(baselines_save(&b), 0);
	cr_assert_str_empty(b.lacks);
	cr_assert(next_knows(B));
}

Test(baselines, a_folder_that_cannot_be_made_is_said_and_waited_for)
{
	char deep[80];

	snprintf(deep, sizeof(deep), "%s/deep", dir);
	rmdir(dir);
	memset(&next, 0, sizeof(next));
	baselines_load(&next, deep);
	cr_assert(strstr(next.lacks, "No such file"), "%s", next.lacks);
	cr_assert_eq(mkdir(dir, 0700), 0);
	cr_assert_eq(baselines_save(&next), 0);
	cr_assert_str_empty(next.lacks);
	cr_assert_eq(rmdir(deep), 0);
}

Test(baselines, file_of_no_known_form_is_dropped)
{
	static const char *const texts[] = {
		"",	   "[",	       "{}",	       "null",
		"[" ENTRY, "\xff\xff", "[" ENTRY "]x", "[\n" ENTRY ",\n]",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		leave(texts[i]);
		cr_assert_not(next_knows(A), "%s", texts[i]);
		cr_assert_str_empty(next.lacks, "it can be written");
	}
	leave("[" ENTRY "]");
	cr_assert(next_knows(A));
}

Test(baselines, an_entry_that_makes_no_sense_is_dropped_alone)
{
	static const char *const bad[] = {
		"1",
		"{}",
		"{\"unit\":\"\",\"since\":1," RATES REST,
		"{\"unit\":\"0123456789abcde\",\"since\":1," RATES REST,
		"{\"unit\":\"0123456789abcdef0\",\"since\":1," RATES REST,
		"{\"unit\":\"0123456789ABCDEF\",\"since\":1," RATES REST,
		"{\"unit\":\"" B "\",\"since\":0," RATES REST,
		"{\"unit\":\"" B "\",\"since\":-1," RATES REST,
		"{\"unit\":\"" B "\",\"since\":1.5," RATES REST,
		"{\"unit\":\"" B "\",\"since\":1,\"more\":1," RATES REST,
		"{\"unit\":\"" B "\"," RATES REST,
		"{\"unit\":\"" B "\",\"since\":1," REST,
		"{\"unit\":\"" B "\",\"since\":1," RATES "\"mode\":[1,1],"
		"\"blocks\":[4096,3]}",
		"{\"unit\":\"" B "\",\"since\":1," RATES "\"mode\":[1048576],"
		"\"blocks\":[4096,3]}",
		"{\"unit\":\"" B "\",\"since\":1," RATES
		"\"mode\":[1048576,4500,1],\"blocks\":[4096,3]}",
		"{\"unit\":\"" B "\",\"since\":1," RATES
		"\"mode\":[1048576,4500],\"blocks\":[4096,-1]}",
		"{\"unit\":\"" B "\",\"since\":1," RATES
		"\"mode\":[1048576,4500],\"blocks\":[4096,4097]}",
	};
	char text[1024];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "[%s," ENTRY "]", bad[i]);
		cr_assert_eq(parse(text), 1, "%s", bad[i]);
		cr_assert_eq(next.count, 1, "%s", bad[i]);
	}
	cr_assert_eq(parse("[" ENTRY "," ENTRY "]"), 1, "twice");
}

Test(baselines, too_many_are_dropped)
{
	char text[BASELINES_FILE_MAX] = "[";
	size_t at = 1;

	for (unsigned int i = 0; i <= BASELINES_MAX; i++)
		at += (size_t)snprintf(
			text + at, sizeof(text) - at,
			"%s{\"unit\":\"%016x\",\"since\":1," RATES REST,
			i ? "," : "", i);
	snprintf(text + at, sizeof(text) - at, "]");
	cr_assert_eq(parse(text), 1);
	cr_assert_eq(next.count, BASELINES_MAX);
}
