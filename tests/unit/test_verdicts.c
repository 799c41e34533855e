/*
 * test_verdicts.c - what counts against a device, from one process to the next
 */
#include "host-agent/verdicts.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"

#define NOW (10 * FAILURES_US)
#define ENTRY                                                      \
	"{\"place\":\"1-2\",\"instance\":7,\"failed_us\":[1,2,3]," \
	"\"final\":\"dup failed for good\",\"at\":1700000000}"
#define ENTRY_BUT(what) "{\"place\":\"1-2\",\"instance\":7,\"failed_us\":" what

static char folder[] = "/tmp/onerng-verdicts-XXXXXX";
static char path[64];
static struct verdicts v, next;
static struct verdict found;

static void set_up(void)
{
	log_init("test", LOG_LEVEL_ERR);
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/failures.json", folder);
	verdicts_load(&v, folder, NOW);
}

static void tear_down(void)
{
	unlink(path);
	rmdir(folder);
}

TestSuite(verdicts, .init = set_up, .fini = tear_down);

static struct verdict failed(unsigned int times, const char *why)
{
	struct verdict d = { .final = why != NULL, .at_s = 1700000000 };
	unsigned int i;

	for (i = 0; i < times; i++)
		failures_add(&d.failures, NOW + i);
	snprintf(d.why, sizeof(d.why), "%s", why ? why : "");
	return d;
}

static void note(const char *place, uint64_t instance, const char *why)
{
	struct verdict d = failed(1, why);

	verdicts_note(&v, place, instance, &d);
}

/* What the next process knows of that device. */
static bool next_knows(const char *place, uint64_t instance)
{
	memset(&next, 0, sizeof(next));
	verdicts_load(&next, folder, NOW + 10);
	return verdicts_recall(&next, place, instance, &found);
}

static size_t parse(const char *text)
{
	json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	size_t dropped;

	memset(&next, 0, sizeof(next));
	cr_assert_not_null(o, "%s", text);
	dropped = verdicts_parse(&next, o, NOW);
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

Test(verdicts, a_final_one_is_there_after_a_restart)
{
	note("1-2.3", 42, "rct-byte failed for good");
	cr_assert(next_knows("1-2.3", 42));
	cr_assert(found.final);
	cr_assert_str_eq(found.why, "rct-byte failed for good");
	cr_assert_eq(found.at_s, 1700000000);
	cr_assert(found.before, "and known to be from before");
}

Test(verdicts, failures_count_on_after_a_restart)
{
	struct verdict d;

	for (unsigned int n = 1; n <= 3; n++) {
		d = failed(n, NULL);
		verdicts_note(&v, "1-1", 1, &d);
		cr_assert(next_knows("1-1", 1));
		cr_assert_not(found.final);
		cr_assert_eq(failures_recent(&found.failures, NOW + 9), n);
		cr_assert_eq(failures_add(&found.failures, NOW + 9), n == 3,
			     "the fourth is one too many");
	}
}

Test(verdicts, only_the_last_three_failures_are_kept_and_in_order)
{
	struct verdict d = failed(5, NULL);

	verdicts_note(&v, "1-1", 1, &d);
	cr_assert(next_knows("1-1", 1));
	cr_assert_eq(found.failures.count, 3);
	cr_assert_eq(found.failures.at_us[0], NOW + 2);
	cr_assert_eq(found.failures.at_us[2], NOW + 4);
}

Test(verdicts, another_device_at_the_port_does_not_inherit)
{
	note("1-2", 42, "dup failed for good");
	cr_assert_not(next_knows("1-2", 43));
	cr_assert_not(next_knows("1-2", 42), "and it is forgotten");
	note("1-2", 42, "dup failed for good");
	cr_assert_not(next_knows("1-3", 42), "nor one at another port");
}

Test(verdicts, whose_instance_is_not_known_stays_failed)
{
	note("1-2", 42, "dup failed for good");
	cr_assert(next_knows("1-2", 0));
	note("/dev/hwrng", 0, "dup failed for good");
	cr_assert(next_knows("/dev/hwrng", 0));
}

Test(verdicts, several_devices_have_their_own)
{
	note("1-1", 1, NULL);
	note("1-2", 2, "dup failed for good");
	note("1-1", 1, "trend failed for good");
	cr_assert(next_knows("1-1", 1));
	cr_assert_str_eq(found.why, "trend failed for good");
	cr_assert(next_knows("1-2", 2));
	cr_assert_str_eq(found.why, "dup failed for good");
}

Test(verdicts, what_is_forgotten_leaves_no_file)
{
	note("1-2", 42, "dup failed for good");
	cr_assert_eq(access(path, F_OK), 0);
	verdicts_forget(&v, "1-2");
	cr_assert_eq(access(path, F_OK), -1);
	verdicts_forget(&v, "1-2");
	cr_assert_not(next_knows("1-2", 42));
}

Test(verdicts, file_is_the_agents_alone)
{
	struct stat st;

	note("1-2", 42, "dup failed for good");
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0600);
	chmod(path, 0622);
	cr_assert_not(next_knows("1-2", 42), "others could have written it");
}

Test(verdicts, what_cannot_be_written_is_kept_and_tried_again)
{
	struct rlimit none = { 0, RLIM_INFINITY }, was;

	note("1-1", 1, "dup failed for good");
	getrlimit(RLIMIT_FSIZE, &was);
	none.rlim_max = was.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	log_set_level(LOG_LEVEL_ERR);
	setrlimit(RLIMIT_FSIZE, &none);
	note("1-2", 2, "trend failed for good");
	cr_assert(v.unsaved);
	cr_assert_eq(verdicts_save(&v), -EFBIG);
	cr_assert(verdicts_recall(&v, "1-2", 2, &found), "known to this one");
	setrlimit(RLIMIT_FSIZE, &was);
	cr_assert(next_knows("1-1", 1), "the file before stays whole");
	cr_assert_eq(verdicts_save(&v), 0);
	cr_assert_not(v.unsaved);
	cr_assert(next_knows("1-2", 2));
}

Test(verdicts, one_too_many_devices_is_borne)
{
	char place[16];

	for (int i = 0; i <= VERDICTS_MAX; i++) {
		snprintf(place, sizeof(place), "1-%d", i);
		note(place, 1, "dup failed for good");
	}
	cr_assert_eq(v.count, VERDICTS_MAX);
	cr_assert(next_knows("1-0", 1));
}

Test(verdicts, file_of_no_known_form_is_dropped)
{
	static const char *const texts[] = {
		"",	   "[",	       "{}",	       "null",
		"[" ENTRY, "\xff\xff", "[" ENTRY "]x", "[\n" ENTRY ",\n]",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		leave(texts[i]);
		cr_assert_not(next_knows("1-2", 7), "%s", texts[i]);
	}
	leave("[" ENTRY "]");
	cr_assert(next_knows("1-2", 7));
}

Test(verdicts, an_entry_that_makes_no_sense_is_dropped_alone)
{
	static const char *const bad[] = {
		"1",
		"{}",
		ENTRY_BUT("[],\"final\":\"\",\"at\":0,\"more\":1}"),
		ENTRY_BUT("{},\"final\":\"\",\"at\":0}"),
		ENTRY_BUT("[1,2,3,4],\"final\":\"\",\"at\":0}"),
		ENTRY_BUT("[2,1],\"final\":\"\",\"at\":0}"),
		ENTRY_BUT("[0],\"final\":\"\",\"at\":0}"),
		ENTRY_BUT("[-1],\"final\":\"\",\"at\":0}"),
		ENTRY_BUT("[\"1\"],\"final\":\"\",\"at\":0}"),
		ENTRY_BUT("[],\"final\":\"\",\"at\":-1}"),
		ENTRY_BUT("[],\"final\":\"a\\nb\",\"at\":0}"),
		ENTRY_BUT("[],\"final\":null,\"at\":0}"),
		ENTRY_BUT("[],\"final\":\"\"}"),
		"{\"place\":\"\",\"instance\":1,\"failed_us\":[],"
		"\"final\":\"\",\"at\":0}",
		"{\"place\":\"1-1\",\"instance\":-1,\"failed_us\":[],"
		"\"final\":\"\",\"at\":0}",
	};
	char text[512];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "[%s," ENTRY "]", bad[i]);
		cr_assert_eq(parse(text), 1, "%s", bad[i]);
		cr_assert_eq(next.count, 1, "%s", bad[i]);
	}
	cr_assert_eq(parse("[" ENTRY "," ENTRY "]"), 1, "twice");
}

Test(verdicts, texts_as_long_as_they_may_be)
{
	static const struct {
		int place, why;
		size_t dropped;
	} rows[] = {
		{ LABEL_PLACE_MAX - 1, VERDICTS_WHY_MAX - 1, 0 },
		{ LABEL_PLACE_MAX, VERDICTS_WHY_MAX - 1, 1 },
		{ LABEL_PLACE_MAX - 1, VERDICTS_WHY_MAX, 1 },
	};
	char text[512], fill[256];

	memset(fill, 'x', sizeof(fill));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text),
			 "[{\"place\":\"%.*s\",\"instance\":0,\"failed_us\":[],"
			 "\"final\":\"%.*s\",\"at\":0}]",
			 rows[i].place, fill, rows[i].why, fill);
		cr_assert_eq(parse(text), rows[i].dropped, "row %zu", i);
	}
}

Test(verdicts, failures_of_another_boot_are_dropped)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "[{\"place\":\"1-1\",\"instance\":1,\"failed_us\":[%llu],"
		 "\"final\":\"\",\"at\":0}]",
		 (unsigned long long)NOW);
	cr_assert_eq(parse(text), 0, "this very moment");
	snprintf(text, sizeof(text),
		 "[{\"place\":\"1-1\",\"instance\":1,\"failed_us\":[%llu],"
		 "\"final\":\"dup failed for good\",\"at\":0}]",
		 (unsigned long long)NOW + 1);
	cr_assert_eq(parse(text), 1);
}
