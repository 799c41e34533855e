#include "common/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/folder.h"

static char path[64], out[4];

static void setup(void)
{
	folder_make();
	snprintf(path, sizeof(path), "%s/file", folder);
}

TestSuite(textfile, .init = setup, .fini = folder_remove);

static int read_after(const char *text)
{
	folder_text("file", text);
	memset(out, 'x', sizeof(out));
	return textfile_read(path, out, sizeof(out));
}

Test(textfile, it_is_cut_to_the_buffer_and_ended)
{
	cr_assert_eq(read_after(""), 0);
	cr_assert_str_eq(out, "");
	cr_assert_eq(read_after("ab"), 2);
	cr_assert_str_eq(out, "ab");
	cr_assert_eq(read_after("abc"), 3);
	cr_assert_str_eq(out, "abc");
	cr_assert_eq(read_after("abcd"), 3);
	cr_assert_str_eq(out, "abc");
}

Test(textfile, what_is_not_there_is_an_error_and_empty)
{
	memset(out, 'x', sizeof(out));
	cr_assert_eq(textfile_read(path, out, sizeof(out)), -ENOENT);
	cr_assert_str_eq(out, "");
}

Test(textfile, a_folder_in_its_place_is_an_error_and_empty)
{
	memset(out, 'x', sizeof(out));
	cr_assert_eq(textfile_read(folder, out, sizeof(out)), -EISDIR);
	cr_assert_str_eq(out, "");
}

Test(textfile, a_fifo_in_its_place_does_not_block)
{
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_assert_eq(textfile_read(path, out, sizeof(out)), 0);
}

Test(textfile, a_process_has_files_of_its_own)
{
	char name[32];

	cr_assert_gt(textfile_read_proc(getpid(), "comm", name, sizeof(name)),
		     0);
	textfile_first_line(name);
	cr_assert_null(strchr(name, '\n'));
	cr_assert_eq(textfile_read_proc(INT_MAX, "comm", name, sizeof(name)),
		     -ENOENT);
}

Test(textfile, a_buffer_is_filled_over_short_reads)
{
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	if (fork() == 0) {
		for (int i = 0; i < 4; i++) {
			usleep(1000);
			if (write(fds[1], &"abcd"[i], 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	close(fds[1]);
	cr_assert_eq(textfile_fill(fds[0], out, 3), 3);
	cr_assert_eq(memcmp(out, "abc", 3), 0);
	cr_assert_eq(textfile_fill(fds[0], out, 3), 1, "up to the end");
	cr_assert_eq(textfile_fill(-1, out, 3), -EBADF);
}

Test(textfile, what_cannot_be_written_whole_is_an_error)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), fds[2];

	cr_assert_eq(textfile_put(full, "ab", 2), -ENOSPC);
	cr_assert_eq(textfile_put(full, "", 0), 0);
	cr_assert_eq(textfile_put(-1, "ab", 2), -EBADF);
	cr_assert_eq(pipe(fds), 0);
	cr_assert_eq(textfile_put(fds[1], "abc", 3), 0);
	cr_assert_eq(textfile_fill(fds[0], out, 3), 3);
	cr_assert_eq(memcmp(out, "abc", 3), 0);
}
