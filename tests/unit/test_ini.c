/*
 * Configuration files in a directory of their own; every key that arrives is
 * noted as [section]key=value.
 */
#include "common/ini.h"

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

static char dir[64];
static char conf[128];	 /* DIR/t.conf */
static char seen[65536]; /* what the callback was given */
static char err[512];

static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void set_up(void)
{
	snprintf(dir, sizeof(dir), "/tmp/test_ini.XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	snprintf(conf, sizeof(conf), "%s/t.conf", dir);
	seen[0] = '\0';
}

static void tear_down(void)
{
	nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(ini, .init = set_up, .fini = tear_down);

static void write_bytes(const char *path, const void *data, size_t len)
{
	FILE *file = fopen(path, "we");

	cr_assert_not_null(file);
	cr_assert_eq(fwrite(data, 1, len, file), len);
	cr_assert_eq(fclose(file), 0);
}

static void write_text(const char *path, const char *text)
{
	write_bytes(path, text, strlen(text));
}

static void write_dropin(const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s.d", conf);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s.d/%s", conf, name);
	write_text(path, text);
}

/* Refuses the keys "bad" (with a reason) and "mute" (without). */
static int note(void *ctx, const char *section, const char *key,
		const char *value, char *why)
{
	size_t len = strlen(seen);

	cr_assert_eq(ctx, &seen);
	if (key && strcmp(key, "bad") == 0) {
		snprintf(why, INI_WHY_MAX, "unknown key '%s'", key);
		return -EINVAL;
	}
	if (key && strcmp(key, "mute") == 0)
		return -ERANGE;
	if (key)
		snprintf(seen + len, sizeof(seen) - len, "[%s]%s=%s|", section,
			 key, value);
	else
		snprintf(seen + len, sizeof(seen) - len, "[%s]|", section);
	return 0;
}

static int load_dropin(const char *path)
{
	struct ini_text t = { .path = path };
	int r = ini_read(&t, err, sizeof(err));

	if (r == 0)
		r = ini_load_text(&t, note, &seen, err, sizeof(err));
	free(t.text);
	return r;
}

/* A file and its drop-ins, as the host agent reads them. */
static int load_all(const char *path)
{
	char **dropins = NULL;
	int r = ini_load_file(path, note, &seen, err, sizeof(err)), i, n;

	if (r < 0)
		return r;
	n = ini_dropins(path, &dropins, err, sizeof(err));
	r = n < 0 ? n : 0;
	for (i = 0; i < n && r == 0; i++)
		r = load_dropin(dropins[i]);
	ini_free_dropins(dropins, n);
	return r;
}

static int load(void)
{
	return load_all(conf);
}

static int load_text(const char *text)
{
	seen[0] = '\0';
	write_text(conf, text);
	return load();
}

/* err is "DIR/" and what follows. */
__attribute__((format(printf, 1, 2))) static void assert_err(const char *fmt,
							     ...)
{
	char expected[512];
	size_t len = (size_t)snprintf(expected, sizeof(expected), "%s/", dir);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(expected + len, sizeof(expected) - len, fmt, ap);
	va_end(ap);
	cr_assert_str_eq(err, expected);
}

Test(ini, sections_and_keys_arrive_in_order)
{
	cr_assert_eq(load_text("top = 0\n"
			       "[a]\n"
			       "x=1\n"
			       "y = two words \n"
			       "[b c]\n"
			       "x =\n"),
		     0);
	cr_assert_str_eq(seen, "[]top=0|[a]|[a]x=1|[a]y=two words|"
			       "[b c]|[b c]x=|");
	cr_assert_str_eq(err, "");
}

Test(ini, empty_files_say_nothing)
{
	cr_assert_eq(load_text(""), 0);
	cr_assert_eq(load_text("\n\n \t\n"), 0);
	cr_assert_eq(load_text("# comment\n; another\n  # and one\n"), 0);
	cr_assert_str_eq(seen, "");
}

Test(ini, comments_behind_a_value_begin_with_a_semicolon)
{
	cr_assert_eq(load_text("[a] ; one\nx = 1 ; two\ny = #3\n"), 0);
	cr_assert_str_eq(seen, "[a]|[a]x=1|[a]y=#3|");
}

Test(ini, section_without_keys_is_announced)
{
	cr_assert_eq(load_text("[a]\n[b]\n"), 0);
	cr_assert_str_eq(seen, "[a]|[b]|");
}

Test(ini, indented_line_continues_nothing)
{
	cr_assert_eq(load_text("[a]\nx = 1\n\ty = 2\n   [b]\n  z=3\n"), 0);
	cr_assert_str_eq(seen, "[a]|[a]x=1|[a]y=2|[b]|[b]z=3|");
	cr_assert_eq(load_text("[a]\nx = 1\n   more\n"), -EINVAL);
	assert_err("t.conf:3: expected key = value");
}

Test(ini, last_line_needs_no_newline)
{
	cr_assert_eq(load_text("[a]\nx=1"), 0);
	cr_assert_str_eq(seen, "[a]|[a]x=1|");
	cr_assert_eq(load_text("[a]"), 0);
	cr_assert_str_eq(seen, "[a]|");
}

Test(ini, dos_line_ends_and_byte_order_mark_are_harmless)
{
	cr_assert_eq(load_text("\xef\xbb\xbf[a]\r\nx=1\r\n"), 0);
	cr_assert_str_eq(seen, "[a]|[a]x=1|");
	cr_assert_eq(load_text("\xef\xbb\xbfx=1\n"), 0);
	cr_assert_str_eq(seen, "[]x=1|");
	cr_assert_eq(load_text("\xef\xbb\xbf"), 0);
}

Test(ini, long_section_name_is_not_cut)
{
	char text[256], expected[256], name[190];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text), "[%s]\nx=1\n", name);
	snprintf(expected, sizeof(expected), "[%s]|", name);
	cr_assert_eq(load_text(text), 0);
	cr_assert_eq(strncmp(seen, expected, strlen(expected)), 0);
}

Test(ini, later_files_come_later)
{
	write_text(conf, "[a]\nx=main\n");
	write_dropin("20-b.conf", "[a]\nx=20\n");
	write_dropin("10-z.conf", "[a]\nx=10\n");
	write_dropin("B.conf", "[a]\nx=B\n");
	write_dropin("a.conf", "[a]\nx=a\n");
	cr_assert_eq(load(), 0);
	cr_assert_str_eq(seen, "[a]|[a]x=main|[a]|[a]x=10|[a]|[a]x=20|"
			       "[a]|[a]x=B|[a]|[a]x=a|");
}

Test(ini, section_ends_with_its_file)
{
	write_text(conf, "[a]\n");
	write_dropin("a.conf", "x=1\n");
	cr_assert_eq(load(), 0);
	cr_assert_str_eq(seen, "[a]|[]x=1|");
}

Test(ini, only_visible_files_named_conf_are_dropins)
{
	write_text(conf, "");
	write_dropin("a.conf.bak", "x=1\n");
	write_dropin(".conf", "x=2\n");
	write_dropin(".a.conf", "x=3\n");
	write_dropin("aconf", "x=4\n");
	write_dropin("b.conf", "x=5\n");
	cr_assert_eq(load(), 0);
	cr_assert_str_eq(seen, "[]x=5|");
}

Test(ini, refused_key_is_named_by_file_and_line)
{
	cr_assert_eq(load_text("[a]\n\n# comment\nbad = 1\nx=1\n"), -EINVAL);
	assert_err("t.conf:4: unknown key 'bad'");
	cr_assert_str_eq(seen, "[a]|");
}

Test(ini, refusal_without_reason_tells_the_error)
{
	cr_assert_eq(load_text("mute = 1\n"), -ERANGE);
	assert_err("t.conf:1: Numerical result out of range");
}

Test(ini, error_in_a_dropin_names_the_dropin)
{
	write_text(conf, "[a]\nx=1\n");
	write_dropin("a.conf", "[a]\nbad=1\n");
	write_dropin("b.conf", "[a]\nx=2\n");
	cr_assert_eq(load(), -EINVAL);
	assert_err("t.conf.d/a.conf:2: unknown key 'bad'");
	cr_assert_str_eq(seen, "[a]|[a]x=1|[a]|");
}

Test(ini, line_that_is_no_key_is_an_error_and_ends_the_file)
{
	static const char *const bad[] = { "word", "= value", "word ; a = b",
					   "]", "word # = x" };
	char text[128];

	for (size_t i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "[a]\n%s\nx=1\n", bad[i]);
		cr_assert_eq(load_text(text), -EINVAL, "%s", bad[i]);
		assert_err("t.conf:2: expected key = value");
		cr_assert_str_eq(seen, "[a]|");
	}
}

Test(ini, first_error_wins)
{
	cr_assert_eq(load_text("word\nbad=1\n"), -EINVAL);
	assert_err("t.conf:1: expected key = value");
}

Test(ini, unterminated_section_is_an_error)
{
	cr_assert_eq(load_text("[a]\nx=1\n[domain b\ny=1\n"), -EINVAL);
	assert_err("t.conf:3: section without ']'");
	cr_assert_eq(load_text("["), -EINVAL);
	assert_err("t.conf:1: section without ']'");
}

Test(ini, text_behind_a_section_is_an_error)
{
	cr_assert_eq(load_text("[a] x=1\n"), -EINVAL);
	assert_err("t.conf:1: text behind the section's ']'");
}

static int load_line_of(size_t len)
{
	char text[512];

	cr_assert_lt(len + 1, sizeof(text));
	memset(text, 'v', sizeof(text));
	memcpy(text, "x=", 2);
	text[len] = '\n';
	write_bytes(conf, text, len + 1);
	return load();
}

Test(ini, longest_line_is_read_whole)
{
	cr_assert_eq(load_line_of(199), 0);
	cr_assert_eq(strlen(seen), strlen("[]x=|") + 197);
}

Test(ini, line_one_too_long_is_an_error)
{
	cr_assert_eq(load_line_of(200), -E2BIG);
	assert_err("t.conf:1: line longer than 199 bytes");
	cr_assert_str_eq(seen, "");
	cr_assert_eq(load_line_of(500), -E2BIG);
}

Test(ini, bytes_that_are_no_text_are_an_error)
{
	static const char nul[] = "x=1\nx=\0y\n", escape[] = "x=\x1b[2J\n",
			  cr[] = "x=a\rb\n";

	write_bytes(conf, nul, sizeof(nul) - 1);
	cr_assert_eq(load(), -EINVAL);
	assert_err("t.conf:2: byte 0x00 at column 3: not text");
	write_bytes(conf, escape, sizeof(escape) - 1);
	cr_assert_eq(load(), -EINVAL);
	assert_err("t.conf:1: byte 0x1b at column 3: not text");
	write_bytes(conf, cr, sizeof(cr) - 1);
	cr_assert_eq(load(), -EINVAL);
	assert_err("t.conf:1: byte 0x0d at column 4: not text");
}

Test(ini, letters_of_other_languages_are_text)
{
	cr_assert_eq(load_text("[caf\xc3\xa9]\nx=\xc3\xbc\n"), 0);
	cr_assert_str_eq(seen, "[caf\xc3\xa9]|[caf\xc3\xa9]x=\xc3\xbc|");
}

Test(ini, missing_file_is_named)
{
	cr_assert_eq(load(), -ENOENT);
	assert_err("t.conf: cannot be opened: No such file or directory");
}

Test(ini, directory_is_no_file)
{
	mkdir(conf, 0755);
	cr_assert_eq(load(), -EISDIR);
	assert_err("t.conf: cannot be read: Is a directory");
}

Test(ini, endless_file_ends_in_an_error)
{
	cr_assert_lt(load_all("/dev/zero"), 0);
	cr_assert_str_eq(err, "/dev/zero:1: line longer than 199 bytes");
}

Test(ini, an_endless_text_is_not_read_to_its_end)
{
	struct ini_text t = { .path = "/dev/zero" };

	cr_assert_eq(ini_read(&t, err, sizeof(err)), -EFBIG);
	cr_assert_null(t.text);
	cr_assert_str_eq(err, "/dev/zero: file larger than 1048576 bytes");
}

/* conf holds text: read as a file and as a text it is the same. */
static void is_the_same(const char *text, size_t len)
{
	static char seen_of_file[sizeof(seen)];
	char err_of_file[sizeof(err)];
	int r;

	write_bytes(conf, text, len);
	seen[0] = err[0] = '\0';
	r = ini_load_file(conf, note, &seen, err, sizeof(err));
	memcpy(seen_of_file, seen, sizeof(seen));
	memcpy(err_of_file, err, sizeof(err));
	seen[0] = err[0] = '\0';
	cr_assert_eq(load_dropin(conf), r);
	cr_assert_str_eq(seen, seen_of_file);
	cr_assert_str_eq(err, err_of_file);
}

Test(ini, a_text_is_taken_as_its_file_is)
{
	static const char last[] = "[a]\nb=1\n[c]\nd=2";

	is_the_same("", 0);
	is_the_same("\n", 1);
	is_the_same("\0", 1);
	is_the_same("[a]\nb=1\0", 9);
	is_the_same("[a]\nbad=1\n", 10);
	is_the_same(last, sizeof(last) - 1);
}

Test(ini, file_too_large_is_an_error)
{
	FILE *file = fopen(conf, "we");

	for (int i = 0; i < (1 << 20) / 2 + 1; i++)
		fputs("#\n", file);
	fclose(file);
	cr_assert_eq(load(), -EFBIG);
	assert_err("t.conf:524289: file larger than 1048576 bytes");
}

Test(ini, dangling_dropin_is_named)
{
	char path[256];

	write_text(conf, "");
	snprintf(path, sizeof(path), "%s.d", conf);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s.d/a.conf", conf);
	cr_assert_eq(symlink("/nonexistent", path), 0);
	cr_assert_eq(load(), -ENOENT);
	assert_err("t.conf.d/a.conf: cannot be opened: "
		   "No such file or directory");
}

Test(ini, dropin_masked_by_dev_null_is_empty)
{
	char path[256];

	write_text(conf, "x=1\n");
	snprintf(path, sizeof(path), "%s.d", conf);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s.d/a.conf", conf);
	cr_assert_eq(symlink("/dev/null", path), 0);
	cr_assert_eq(load(), 0);
	cr_assert_str_eq(seen, "[]x=1|");
}

Test(ini, dropin_folder_that_is_a_file_is_an_error)
{
	char path[256];

	write_text(conf, "x=1\n");
	snprintf(path, sizeof(path), "%s.d", conf);
	write_text(path, "");
	cr_assert_eq(load(), -ENOTDIR);
	assert_err("t.conf.d: cannot be listed: Not a directory");
}

/* Root reads what it likes, so as somebody else. */
Test(ini, unreadable_dropin_is_an_error)
{
	char path[256];

	write_text(conf, "x=1\n");
	write_dropin("a.conf", "x=2\n");
	snprintf(path, sizeof(path), "%s.d/a.conf", conf);
	cr_assert_eq(chmod(path, 0), 0);
	cr_assert_eq(chmod(dir, 0755), 0);
	if (geteuid() == 0)
		cr_assert_eq(seteuid(65534), 0);
	cr_expect_eq(load(), -EACCES);
	if (getuid() == 0)
		cr_assert_eq(seteuid(0), 0);
	assert_err("t.conf.d/a.conf: cannot be opened: Permission denied");
}

Test(ini, path_too_long_is_an_error)
{
	static char path[8192];
	char **dropins;

	memset(path, 'p', sizeof(path) - 1);
	cr_assert_eq(ini_dropins(path, &dropins, err, sizeof(err)),
		     -ENAMETOOLONG);
}

Test(ini, short_error_buffer_is_respected)
{
	char small[8] = "1234567";

	write_text(conf, "word\n");
	cr_assert_eq(ini_load_file(conf, note, &seen, small, 4), -EINVAL);
	cr_assert_str_eq(small, "/tm");
	cr_assert_eq(small[4], '5');
}
