#include "common/replace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

static char dir[] = "/tmp/test-replace.XXXXXX";
static char path[64];

static void begin(void)
{
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
}

static void end(void)
{
	unlink(path);
	/* fails if a temporary file is left */
	cr_expect_eq(rmdir(dir), 0, "%s", strerror(errno));
}

TestSuite(replace, .init = begin, .fini = end);

static void write_bytes(const char *bytes, size_t len)
{
	FILE *f = fopen(path, "we");

	cr_assert_not_null(f);
	cr_assert_eq(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

static void says(const char *want)
{
	char *text = replace_read(path);

	cr_assert_not_null(text, "%s", strerror(errno));
	cr_assert_str_eq(text, want);
	free(text);
}

static unsigned int mode_of(void)
{
	struct stat st;

	cr_assert_eq(stat(path, &st), 0);
	return st.st_mode & 07777;
}

Test(replace, a_new_file_has_the_mode_whatever_the_umask)
{
	umask(077);
	cr_assert_eq(replace_file(path, NULL, "a\n", 0644), 0);
	says("a\n");
	cr_assert_eq(mode_of(), 0644);
}

Test(replace, what_was_there_keeps_its_mode_and_owner)
{
	struct stat st;

	write_bytes("a", 1);
	cr_assert_eq(chmod(path, 0640), 0);
	if (geteuid() == 0)
		cr_assert_eq(chown(path, 12, 34), 0);
	cr_assert_eq(replace_file(path, "a", "b", 0644), 0);
	says("b");
	cr_assert_eq(mode_of(), 0640);
	cr_assert_eq(stat(path, &st), 0);
	if (geteuid() == 0)
		cr_assert(st.st_uid == 12 && st.st_gid == 34);
}

Test(replace, a_change_meanwhile_is_not_overwritten)
{
	write_bytes("other", 5);
	cr_assert_eq(replace_file(path, "a", "b", 0644), -EAGAIN);
	says("other");
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(replace_file(path, "a", "b", 0644), -EAGAIN);
	cr_assert_null(replace_read(path));
	cr_assert_eq(errno, ENOENT);
}

Test(replace, an_empty_text_is_a_text)
{
	write_bytes("", 0);
	says("");
	cr_assert_eq(replace_file(path, "", "", 0644), 0);
	says("");
}

Test(replace, the_longest_text_is_read_and_a_longer_one_is_not)
{
	char *big = malloc(REPLACE_MAX + 1), *text;

	memset(big, 'x', REPLACE_MAX + 1);
	write_bytes(big, REPLACE_MAX);
	text = replace_read(path);
	cr_assert_not_null(text);
	cr_assert_eq(strlen(text), REPLACE_MAX);
	free(text);
	write_bytes(big, REPLACE_MAX + 1);
	cr_assert_null(replace_read(path));
	cr_assert_eq(errno, EFBIG);
	free(big);
}

Test(replace, what_is_no_text_or_no_file_is_not_read)
{
	write_bytes("a\0b", 3);
	cr_assert_null(replace_read(path));
	cr_assert_eq(errno, EILSEQ);
	cr_assert_null(replace_read(dir));
	cr_assert_eq(errno, EINVAL);
	cr_assert_null(replace_read("/dev/null"));
	cr_assert_eq(errno, EINVAL);
}

Test(replace, a_folder_that_is_not_there_is_an_error)
{
	cr_assert_eq(replace_file("/nowhere/at/all", NULL, "a", 0644), -ENOENT);
	cr_assert_eq(replace_file(dir, NULL, "a", 0644), -EISDIR);
}
