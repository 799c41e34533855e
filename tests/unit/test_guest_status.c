/*
 * test_guest_status.c - the status file: written, read, doubted, printed
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest-agent/agent.h"
#include "guest-agent/json.h"
#include "guest-agent/status.h"
#include "tests/unit/folder.h"

static char path[PATH_MAX];

static void setup(void)
{
	folder_make();
	snprintf(path, sizeof(path), "%s/status.json", folder);
}

TestSuite(guest_status, .init = setup, .fini = folder_remove);

static struct status sample(void)
{
	struct status st = {
		.version = "0.1",
		.state = "idle",
		.detail = "with \"quotes\", \\ and \x01",
		.source = "hwrng:/dev/hwrng",
		.rng_current = "virtio_rng.0",
		.pid = getpid(),
		.updated_s = 1000,
		.started_s = 900,
		.received_bytes = 1,
		.source_failures = 2,
		.source_bytes_s = 3,
		.starvations = 4,
		.starved_us = 5,
		.verified_bytes = 6,
		.windows = 7,
		.failures = { 8, 9, 10, 11, 12 },
		.fips_blocks = 113,
		.fips_failures = 14,
		.fips_failed = { 15, 16, 17, 18, 19 },
		.feeds = 20,
		.fed_bytes = 21,
		.credited_bits = 22,
		.reseeds = 23,
		.feed_errors = 24,
		.last_feed_s = 990,
		.feed_reason = "restore or clone",
		.restarts = 25,
		.right_feed = STATUS_RIGHT_PERMITTED,
		.right_sandbox = STATUS_RIGHT_ON,
		.right_rest = STATUS_RIGHT_GIVEN_UP,
		.design = "new",
		.poolsize = 256,
		.entropy_avail = 255,
		.ready = 1,
	};

	return st;
}

static void read_back(struct status *st)
{
	char text[STATUS_FILE_MAX];
	FILE *in = fopen(path, "r");
	const char *why;
	size_t len;

	cr_assert_not_null(in);
	len = fread(text, 1, sizeof(text) - 1, in);
	fclose(in);
	text[len] = '\0';
	cr_assert_eq(status_parse(st, text, &why), 0, "%s", why);
}

Test(guest_status, what_is_written_is_read_back)
{
	struct status in = sample(), out;

	cr_assert_eq(status_write(path, &in), 0);
	read_back(&out);
	cr_assert_eq(memcmp(&in, &out, sizeof(in)), 0);
}

Test(guest_status, largest_and_smallest_values_survive)
{
	struct status in = sample(), out;

	memset(in.detail, '"', sizeof(in.detail) - 1);
	memset(in.source, '\\', sizeof(in.source) - 1);
	in.received_bytes = INT64_MAX;
	in.last_feed_s = -1;
	in.ready = -ENOENT;
	cr_assert_eq(status_write(path, &in), 0);
	read_back(&out);
	cr_assert_eq(memcmp(&in, &out, sizeof(in)), 0);
}

Test(guest_status, text_that_does_not_fit_is_refused)
{
	struct status st = sample();
	char text[STATUS_FILE_MAX];
	int need = status_format(&st, text, sizeof(text));

	cr_assert(need > 0);
	cr_assert_eq((int)strlen(text) + 1, need);
	cr_assert_eq(status_format(&st, text, (size_t)need), need);
	cr_assert_eq(status_format(&st, text, (size_t)need - 1), -ENOSPC);
	cr_assert_eq(status_format(&st, text, 1), -ENOSPC);
}

Test(guest_status, writing_replaces_in_one_step_and_leaves_nothing)
{
	struct status st = sample();
	char temp[PATH_MAX + 8];
	struct stat before, after;

	snprintf(temp, sizeof(temp), "%s.new", path);
	cr_assert_eq(status_write(path, &st), 0);
	cr_assert_eq(stat(path, &before), 0);
	/* Left by an agent that was killed; a link must not be followed. */
	cr_assert_eq(symlink(path, temp), 0);
	cr_assert_eq(status_write(path, &st), 0);
	cr_assert_eq(lstat(path, &after), 0);
	cr_assert(S_ISREG(after.st_mode));
	cr_assert_neq(before.st_ino, after.st_ino);
	cr_assert_eq(lstat(temp, &after), -1);
}

Test(guest_status, folder_that_is_not_there_is_an_error)
{
	struct status st = sample();

	cr_assert_eq(status_write("/nonexistent/x.json", &st), -ENOENT);
}

Test(guest_status, full_disk_is_an_error_and_keeps_the_old_file)
{
	struct status st = sample();

	/* As good as full: the new file's place is taken by a folder. */
	char temp[PATH_MAX + 8];

	cr_assert_eq(status_write(path, &st), 0);
	snprintf(temp, sizeof(temp), "%s.new", path);
	cr_assert_eq(mkdir(temp, 0700), 0);
	cr_assert(status_write(path, &st) < 0);
	read_back(&st);
}

static int parse(const char *text)
{
	struct status st;
	const char *why;

	return status_parse(&st, text, &why);
}

Test(guest_status, text_that_is_no_status_is_refused)
{
	static const char *const bad[] = {
		"",
		" ",
		"{",
		"}",
		"[]",
		"null",
		"{}",
		"{\"pid\":1}",
		"{\"updated_s\":\"1\"}",
		"{\"updated_s\":1",
		"{\"updated_s\":1}x",
		"{\"updated_s\":1,}",
		"{\"updated_s\":1 \"pid\":2}",
		"{\"updated_s\":}",
		"{\"updated_s\":1.5}",
		"{\"updated_s\":1e5}",
		"{\"updated_s\":99999999999999999999}",
		"{\"updated_s\":-}",
		"{updated_s:1}",
		"{\"\":1,\"updated_s\":1}",
		"{\"updated_s\":1,\"state\":2}",
		"{\"updated_s\":1,\"state\":\"\\x\"}",
		"{\"updated_s\":1,\"state\":\"\\u12\"}",
		"{\"updated_s\":1,\"state\":\"a\nb\"}",
		"{\"updated_s\":1,\"state\":\"",
		"{\"updated_s\":1,\"state\":\"\\",
		"{\"updated_s\":1,\"a\":{\"b\":{\"c\":1}}}",
		"{\"updated_s\":1,\"a\":[1]}",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(parse(bad[i]), -EBADMSG, "%s", bad[i]);
}

Test(guest_status, every_text_cut_short_is_refused)
{
	struct status st = sample();
	char text[STATUS_FILE_MAX];
	int len = status_format(&st, text, sizeof(text));

	/* Down from the closing brace: the newline behind it is free. */
	for (int cut = len - 3; cut >= 0; cut--) {
		text[cut] = '\0';
		cr_assert_eq(parse(text), -EBADMSG, "cut at %d", cut);
	}
}

Test(guest_status, unknown_keys_are_passed_over)
{
	cr_assert_eq(parse(" { \"new\" : true , \"more\":{ \"x\":null,"
			   "\"y\":\"z\" , \"e\":{}},\"updated_s\":1}\n"),
		     -EBADMSG);
	cr_assert_eq(parse(" { \"new\" : true , \"more\":{ \"x\":null,"
			   "\"y\":\"z\" } , \"e\":{},\"updated_s\" : 1 }\n"),
		     0);
}

Test(guest_status, long_text_is_cut_to_its_field)
{
	char text[1024] = "{\"updated_s\":1,\"state\":\"";
	struct status st;
	const char *why;

	memset(text + strlen(text), 'x', 900);
	strcat(text, "\"}");
	cr_assert_eq(status_parse(&st, text, &why), 0);
	cr_assert_eq(strlen(st.state), sizeof(st.state) - 1);
}

static void note(void *ctx, const char *group, const char *key,
		 const struct json_value *value)
{
	(void)group;
	(void)key;
	snprintf(ctx, JSON_TEXT_MAX, "%s", value->text);
}

Test(guest_status, escapes_are_decoded_and_wide_ones_replaced)
{
	char got[JSON_TEXT_MAX];

	cr_assert_eq(json_read("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041"
			       "\\u00e9\\u0000\\uFFFF\"}",
			       note, got),
		     0);
	cr_assert_str_eq(got, "\"\\/\b\f\n\r\tA\xe9??");
}

Test(guest_status, running_agent_is_not_stale)
{
	struct status st = sample();

	cr_assert_null(status_stale(&st, 1000));
	cr_assert_null(status_stale(&st, 1000 + STATUS_STALE_S));
}

Test(guest_status, old_foreign_and_future_records_are_stale)
{
	struct status st = sample();

	cr_assert_not_null(status_stale(&st, 1001 + STATUS_STALE_S));
	cr_assert_not_null(status_stale(&st, 999));
	st.pid = 0x3fffff7f; /* above every pid_max */
	cr_assert_not_null(status_stale(&st, 1000));
	st.pid = 0;
	cr_assert_not_null(status_stale(&st, 1000));
	st.pid = -1;
	cr_assert_not_null(status_stale(&st, 1000));
	st.pid = INT64_MAX;
	cr_assert_not_null(status_stale(&st, 1000));
}

Test(guest_status, record_of_an_agent_that_ended_as_asked_is_never_stale)
{
	struct status st = sample();

	snprintf(st.state, sizeof(st.state), "%s", STATUS_STATE_END);
	st.pid = 0x3fffff7f;
	cr_assert_null(status_stale(&st, 1000000));
}

Test(guest_status, record_of_an_agent_without_rights_is_never_stale)
{
	struct status st = sample();

	snprintf(st.state, sizeof(st.state), "%s", STATUS_STATE_UNFIT);
	st.pid = 0x3fffff7f;
	cr_assert_null(status_stale(&st, 1000000));
}

Test(guest_status, its_exit_status_tells_of_missing_rights)
{
	struct status st = sample();

	snprintf(st.state, sizeof(st.state), "%s", STATUS_STATE_UNFIT);
	cr_assert_eq(status_write(path, &st), 0);
	cr_assert_eq(status_show(path, 0), AGENT_NO_RIGHTS);
	cr_assert_eq(status_show(path, 1), AGENT_NO_RIGHTS);
	snprintf(st.state, sizeof(st.state), "%s", STATUS_STATE_END);
	cr_assert_eq(status_write(path, &st), 0);
	cr_assert_eq(status_show(path, 0), AGENT_OK);
}

static void print(const struct status *st, char *text, size_t size)
{
	FILE *out = fmemopen(text, size, "w");

	cr_assert_not_null(out);
	status_print(st, 1000, out);
	fclose(out);
}

Test(guest_status, people_read_the_words_of_rngd_and_ours)
{
	static const char *const words[] = {
		"bits received from HRNG source: 8\n",
		"bits sent to kernel pool: 168\n",
		"entropy added to kernel pool: 22\n",
		"FIPS 140-2 successes: 99\n",
		"FIPS 140-2 failures: 14\n",
		"rng_current: virtio_rng.0",
		"new, pool 256 bits, entropy 255 bits, ready",
		"rct-byte 8 apt-byte 9 rct-bit 10 apt-bit 11 duplicate 12",
		"feeds: 20, errors 24, reseeds 23, last 10 s ago",
		"bytes verified: 6 in 7 windows",
		"rights: to feed: permitted, feeder's sandbox: on, ",
		"sandbox: on, all others: given up\n",
	};
	struct status st = sample();
	char text[4096];

	print(&st, text, sizeof(text));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		cr_assert_not_null(strstr(text, words[i]), "%s in\n%s",
				   words[i], text);
}

Test(guest_status, agent_that_never_fed_says_so)
{
	struct status st = sample();
	char text[4096];

	st.last_feed_s = -1;
	st.ready = -EBADF;
	print(&st, text, sizeof(text));
	cr_assert_not_null(strstr(text, "last never"));
	cr_assert_not_null(strstr(text, "readiness unknown"));
}

Test(guest_status, control_characters_never_reach_the_terminal)
{
	struct status st = sample();
	char text[4096];

	snprintf(st.detail, sizeof(st.detail), "\x1b[2J\x07");
	print(&st, text, sizeof(text));
	cr_assert_null(strchr(text, 0x1b));
	cr_assert_null(strchr(text, 0x07));
}
