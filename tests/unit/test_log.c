#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

static int capture_fd = -1;
static int real_stderr = -1;

/* From here on standard error is a pipe. */
static void capture(void)
{
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	real_stderr = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	capture_fd = ends[0];
}

/* Ends the capture; what was written, in static memory. */
static const char *captured(void)
{
	static char text[8192];
	ssize_t n = read(capture_fd, text, sizeof(text) - 1);

	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	close(capture_fd);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

Test(log, line_begins_with_the_program)
{
	capture();
	log_init("prog", LOG_LEVEL_INFO);
	log_err("onerng0: gone: %s", "unplugged");
	cr_assert_str_eq(captured(), "prog: onerng0: gone: unplugged\n");
}

Test(log, levels_above_the_chosen_are_silent)
{
	capture();
	log_init("prog", LOG_LEVEL_WARN);
	log_err("e");
	log_warn("w");
	log_info("i");
	log_debug("d");
	log_set_level(LOG_LEVEL_DEBUG);
	log_info("i");
	log_debug("d");
	log_set_level(LOG_LEVEL_ERR);
	log_warn("w");
	cr_assert_str_eq(captured(), "prog: e\nprog: w\nprog: i\nprog: d\n");
}

static void set_journal_stream(int inode_change)
{
	char text[64];
	struct stat st;

	fstat(STDERR_FILENO, &st);
	snprintf(text, sizeof(text), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino + (unsigned int)inode_change);
	setenv("JOURNAL_STREAM", text, 1);
}

Test(log, line_for_the_journal_begins_with_its_priority)
{
	capture();
	set_journal_stream(0);
	log_init("prog", LOG_LEVEL_DEBUG);
	log_err("e");
	log_warn("w");
	log_info("i");
	log_debug("d");
	cr_assert_str_eq(captured(), "<3>e\n<4>w\n<6>i\n<7>d\n");
}

Test(log, journal_of_a_parent_is_not_ours)
{
	capture();
	set_journal_stream(1);
	log_init("prog", LOG_LEVEL_DEBUG);
	log_err("e");
	setenv("JOURNAL_STREAM", "garbage", 1);
	log_init("prog", LOG_LEVEL_DEBUG);
	log_err("e");
	cr_assert_str_eq(captured(), "prog: e\nprog: e\n");
}

Test(log, message_stays_one_line)
{
	capture();
	log_init("prog", LOG_LEVEL_INFO);
	log_err("a\nprog: forged\r\x1b[2J\x7f");
	cr_assert_str_eq(captured(), "prog: a prog: forged  [2J \n");
}

Test(log, longest_message_is_whole_and_a_longer_one_is_cut_visibly)
{
	char text[2000];
	const char *got;

	memset(text, 'x', sizeof(text));
	capture();
	log_init("prog", LOG_LEVEL_INFO);
	log_err("%.*s", 1023 - 6, text);
	log_err("%.*s", 1023 - 5, text);
	got = captured();
	cr_assert_eq(strlen(got), 2 * 1024);
	cr_assert_eq(got[1023], '\n');
	cr_assert_eq(got[1022], 'x');
	cr_assert_str_eq(got + 2048 - 5, "x...\n");
}

Test(log, errno_is_kept_and_can_be_printed)
{
	capture();
	log_init("prog", LOG_LEVEL_INFO);
	errno = ENOENT;
	log_err("open: %m");
	cr_assert_eq(errno, ENOENT);
	log_debug("silent");
	cr_assert_eq(errno, ENOENT);
	cr_assert_str_eq(captured(), "prog: open: No such file or directory\n");
}

Test(log, unwritable_log_is_survived)
{
	int saved = dup(STDERR_FILENO);

	log_init("prog", LOG_LEVEL_INFO);
	close(STDERR_FILENO);
	errno = EAGAIN;
	log_err("nobody hears");
	cr_assert_eq(errno, EAGAIN);
	dup2(saved, STDERR_FILENO);
	close(saved);
}

Test(log, level_names_are_known)
{
	cr_assert_eq(log_level_parse("err"), LOG_LEVEL_ERR);
	cr_assert_eq(log_level_parse("warn"), LOG_LEVEL_WARN);
	cr_assert_eq(log_level_parse("info"), LOG_LEVEL_INFO);
	cr_assert_eq(log_level_parse("debug"), LOG_LEVEL_DEBUG);
	cr_assert_str_eq(log_level_name(LOG_LEVEL_DEBUG), "debug");
	cr_assert_eq(log_level_parse(""), -EINVAL);
	cr_assert_eq(log_level_parse("debugs"), -EINVAL);
	cr_assert_eq(log_level_parse("ERR"), -EINVAL);
}

static const char *escape(size_t size, const char *text, size_t len)
{
	static char out[64];

	memset(out, '!', sizeof(out));
	cr_assert_leq(size, sizeof(out));
	cr_assert_eq(log_escape(out, size, text, len), out);
	cr_assert_lt(strlen(out), size);
	if (size < sizeof(out))
		cr_assert_eq(out[size], '!');
	return out;
}

Test(escape, printable_text_is_left_alone)
{
	cr_assert_str_eq(escape(64, "", 0), "");
	cr_assert_str_eq(escape(64, "a ~", 3), "a ~");
}

Test(escape, everything_else_is_hexadecimal)
{
	cr_assert_str_eq(escape(64, "\0\n\x1f\x7f\x80\xff\\", 7),
			 "\\x00\\x0a\\x1f\\x7f\\x80\\xff\\x5c");
}

Test(escape, text_that_fits_exactly_is_whole)
{
	cr_assert_str_eq(escape(8, "1234567", 7), "1234567");
	cr_assert_str_eq(escape(9, "\n\n", 2), "\\x0a\\x0a");
}

Test(escape, text_one_too_long_is_cut_visibly)
{
	cr_assert_str_eq(escape(8, "12345678", 8), "1234...");
	cr_assert_str_eq(escape(8, "\n\n", 2), "\\x0a...");
	cr_assert_str_eq(escape(8, "123\n", 4), "123\\x0a");
	cr_assert_str_eq(escape(8, "1234\n", 5), "1234...");
}
