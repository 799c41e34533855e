/* As root, folders are given to another user; without, only own ones are. */
#include "common/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "common/replace.h"

#define STRANGER 12345

static char dir[] = "/tmp/test-resolve.XXXXXX";

static void begin(void)
{
	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(chdir(dir), 0);
	cr_assert_eq(mkdir("own", 0755), 0);
	cr_assert_eq(mkdir("his", 0755), 0);
	if (geteuid() == 0)
		cr_assert_eq(chown("his", STRANGER, STRANGER), 0);
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void end(void)
{
	cr_expect_eq(nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

TestSuite(resolve, .init = begin, .fini = end);

static void need_root(void)
{
	if (geteuid() != 0)
		cr_skip_test("needs root");
}

static const char *in(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void put(const char *name, const char *text, uid_t owner)
{
	FILE *f = fopen(name, "we");

	cr_assert_not_null(f);
	cr_assert_geq(fputs(text, f), 0);
	fclose(f);
	if (geteuid() == 0)
		cr_assert_eq(chown(name, owner, owner), 0);
}

static int leads(const char *name)
{
	struct resolved r;
	int err = resolve_path(&r, in(name));

	resolve_end(&r);
	return err;
}

/* errno of a read; 0: it was read. */
static int read_error(const char *name)
{
	char *text = replace_read(in(name));
	int err = text ? 0 : errno;

	free(text);
	return err;
}

Test(resolve, links_of_our_own_are_followed_relative_absolute_and_in_chains)
{
	char real[PATH_MAX];

	put("own/file", "a", geteuid());
	cr_assert_eq(symlink("file", "own/one"), 0);
	cr_assert_eq(symlink(in("own/one"), "two"), 0);
	cr_assert_eq(symlink("own/", "folder"), 0);
	cr_assert_eq(read_error("two"), 0);
	cr_assert_eq(read_error("folder/../folder/./one"), 0);
	cr_assert_eq(resolve_real(in("folder//one"), real), 0);
	cr_assert_str_eq(real, in("own/file"));
	cr_assert_eq(resolve_real("own/one", real), 0);
	cr_assert_str_eq(real, in("own/file"));
}

Test(resolve, what_is_written_is_behind_a_link_of_our_own_which_stays)
{
	struct stat st;

	put("own/file", "a", geteuid());
	cr_assert_eq(symlink("own/file", "link"), 0);
	cr_assert_eq(replace_file(in("link"), "a", "b", 0644), 0);
	cr_assert(lstat("link", &st) == 0 && S_ISLNK(st.st_mode));
	cr_assert_eq(read_error("own/file"), 0);
}

Test(resolve, loops_and_paths_without_end_are_errors)
{
	char *name = malloc(2 * PATH_MAX);

	cr_assert_eq(symlink("loop", "loop"), 0);
	cr_assert_eq(leads("loop"), -ELOOP);
	memset(name, 'x', 2 * PATH_MAX - 1);
	name[2 * PATH_MAX - 1] = '\0';
	cr_assert_eq(resolve_path(&(struct resolved){ .folder = -1 }, name),
		     -ENAMETOOLONG);
	name[NAME_MAX + 1] = '\0';
	cr_assert_eq(leads(name), -ENAMETOOLONG);
	cr_assert_eq(resolve_path(&(struct resolved){ .folder = -1 }, ""),
		     -ENOENT);
	free(name);
}

Test(resolve, what_is_not_there_is_found_only_as_the_last)
{
	cr_assert_eq(leads("own/none"), 0);
	cr_assert_eq(leads("none/none"), -ENOENT);
	put("file", "", geteuid());
	cr_assert_eq(leads("file/none"), -ENOTDIR);
}

Test(resolve, no_link_and_no_step_up_is_followed_behind_a_strangers_folder)
{
	need_root();
	put("secret", "a", 0);
	cr_assert_eq(mkdir("his/sub", 0755), 0);
	cr_assert_eq(symlink(in("secret"), "his/link"), 0);
	cr_assert_eq(symlink(dir, "his/up"), 0);
	cr_assert_eq(symlink("../../secret", "his/sub/link"), 0);
	cr_assert_eq(symlink("his", "own/way"), 0);
	cr_assert_eq(read_error("his/link"), ELOOP);
	cr_assert_eq(read_error("his/up/secret"), ELOOP);
	cr_assert_eq(read_error("his/sub/link"), ELOOP,
		     "a folder of root's below is his as well");
	cr_assert_eq(read_error("his/../secret"), ELOOP);
	cr_assert_eq(replace_file(in("his/link"), "a", "b", 0644), -ELOOP);
	cr_assert_eq(resolve_make_folder(in("his/up/new"), 0755), -ELOOP);
	cr_assert_eq(resolve_unlink(in("his/up/secret"), 0), -ELOOP);
	cr_assert_eq(read_error("secret"), 0);
}

Test(resolve, a_strangers_file_is_read_and_replaced_as_his)
{
	struct stat st;

	need_root();
	put("his/file", "a", STRANGER);
	cr_assert_eq(replace_file(in("his/file"), "a", "b", 0644), 0);
	cr_assert_eq(stat("his/file", &st), 0);
	cr_assert(st.st_uid == STRANGER && st.st_gid == STRANGER);
}

Test(resolve, another_files_name_in_a_strangers_folder_is_not_opened)
{
	need_root();
	put("secret", "a", 0);
	put("his/third", "a", STRANGER + 1);
	cr_assert_eq(link("secret", "his/hard"), 0);
	cr_assert_eq(read_error("his/hard"), EXDEV);
	cr_assert_eq(replace_file(in("his/hard"), "a", "b", 0644), -EXDEV);
	cr_assert_eq(read_error("his/third"), EXDEV);
	cr_assert_eq(mkfifo("his/fifo", 0666), 0);
	cr_assert_eq(read_error("his/fifo"), EINVAL);
}

Test(resolve, where_anybody_may_add_links_only_our_own_are_followed)
{
	need_root();
	put("file", "a", 0);
	cr_assert_eq(chmod("own", 01777), 0);
	cr_assert_eq(symlink("../file", "own/ours"), 0);
	cr_assert_eq(symlink("../file", "own/his"), 0);
	cr_assert_eq(lchown("own/his", STRANGER, STRANGER), 0);
	cr_assert_eq(read_error("own/ours"), 0);
	cr_assert_eq(read_error("own/his"), ELOOP);
	cr_assert_eq(chmod("own", 0777), 0);
	cr_assert_eq(read_error("own/ours"), ELOOP, "it can be renamed");
}

Test(resolve, what_others_can_change_is_not_our_own)
{
	put("own/file", "a", geteuid());
	cr_assert(resolve_is_own(in("own/file")) && resolve_is_own(in("own")));
	cr_assert_not(resolve_is_own(in("own/none")));
	cr_assert_eq(chmod("own/file", 0666), 0);
	cr_assert_not(resolve_is_own(in("own/file")));
	need_root();
	put("his/file", "a", 0);
	put("own/file", "a", STRANGER);
	cr_assert_not(resolve_is_own(in("his/file")));
	cr_assert_not(resolve_is_own(in("own/file")));
}

Test(resolve, a_folder_has_its_mode_whatever_the_umask)
{
	struct stat st;

	umask(077);
	cr_assert_eq(resolve_make_folder(in("own/new"), 0755), 0);
	cr_assert(stat("own/new", &st) == 0 && (st.st_mode & 07777) == 0755);
	cr_assert_eq(resolve_make_folder(in("own/new"), 0700), 0);
	cr_assert(stat("own/new", &st) == 0 && (st.st_mode & 07777) == 0755);
	cr_assert_eq(resolve_unlink(in("own/new"), AT_REMOVEDIR), 0);
	cr_assert_eq(resolve_unlink(in("own/new"), AT_REMOVEDIR), -ENOENT);
}
