#include "common/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <criterion/criterion.h>

static const char text[] = "signed";

Test(sealed, what_was_sealed_is_mapped_as_it_was)
{
	int fd = sealed_make("test", text, sizeof(text));
	const uint8_t *map;

	cr_assert_geq(fd, 0);
	cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	cr_assert_eq(sealed_map(fd, sizeof(text), &map), 0);
	close(fd);
	cr_assert_eq(memcmp(map, text, sizeof(text)), 0);
	sealed_unmap(map, sizeof(text));
	sealed_unmap(NULL, 0);
}

Test(sealed, what_was_sealed_cannot_be_changed)
{
	int fd = sealed_make("test", text, sizeof(text));

	cr_assert_eq(pwrite(fd, "x", 1, 0), -1);
	cr_assert_eq(errno, EPERM);
	cr_assert_eq(ftruncate(fd, 0), -1);
	cr_assert_eq(ftruncate(fd, 4096), -1);
	cr_assert_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), -1);
	close(fd);
}

Test(sealed, what_may_still_change_is_refused)
{
	static const unsigned int seals[] = { 0, F_SEAL_WRITE,
					      F_SEAL_WRITE | F_SEAL_GROW,
					      F_SEAL_SHRINK | F_SEAL_GROW };
	const uint8_t *map = NULL;

	for (size_t i = 0; i < sizeof(seals) / sizeof(seals[0]); i++) {
		int fd = memfd_create("test", MFD_ALLOW_SEALING);

		cr_assert_eq(write(fd, text, sizeof(text)), sizeof(text));
		cr_assert_eq(fcntl(fd, F_ADD_SEALS, seals[i]), 0);
		cr_assert_eq(sealed_map(fd, sizeof(text), &map), -EPERM);
		close(fd);
	}
	cr_assert_null(map);
}

Test(sealed, another_file_or_size_is_refused)
{
	int fd = sealed_make("test", text, sizeof(text)), fds[2];
	const uint8_t *map;

	cr_assert_eq(sealed_map(fd, sizeof(text) - 1, &map), -EMSGSIZE);
	cr_assert_eq(sealed_map(fd, sizeof(text) + 1, &map), -EMSGSIZE);
	close(fd);
	cr_assert_eq(sealed_map(fd, sizeof(text), &map), -EPERM);
	cr_assert_eq(pipe(fds), 0);
	cr_assert_eq(sealed_map(fds[0], sizeof(text), &map), -EPERM);
	close(fds[0]);
	close(fds[1]);
}

Test(sealed, no_descriptor_left_is_an_error)
{
	struct rlimit old, none;
	int r;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = 0;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	r = sealed_make("test", text, sizeof(text));
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
	cr_assert_eq(r, -EMFILE);
}
