#include "host-agent/hwrng_node.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static char why[HWRNG_WHY_MAX];

static int judge(mode_t mode, unsigned int maj, unsigned int min)
{
	struct stat st = { .st_mode = mode | 0600,
			   .st_rdev = makedev(maj, min) };

	why[0] = '\0';
	return hwrng_node_judge(&st, why);
}

static void judged(mode_t mode, unsigned int maj, unsigned int min,
		   const char *reason)
{
	cr_assert_eq(judge(mode, maj, min), -EINVAL);
	cr_assert(strstr(why, reason), "%u:%u: %s", maj, min, why);
}

Test(hwrng_node, the_kernels_rng_is_known_by_its_numbers)
{
	cr_assert_eq(judge(S_IFCHR, 10, 183), 0);
}

Test(hwrng_node, the_kernels_own_pool_is_refused)
{
	judged(S_IFCHR, 1, 8, "the kernel's own pool");
	judged(S_IFCHR, 1, 9, "the kernel's own pool");
}

Test(hwrng_node, terminals_are_refused)
{
	judged(S_IFCHR, 4, 64, "a terminal");
	judged(S_IFCHR, 5, 0, "a terminal");
	judged(S_IFCHR, 136, 0, "a terminal");
	judged(S_IFCHR, 143, 9, "a terminal");
	judged(S_IFCHR, 166, 0, "a terminal");
	judged(S_IFCHR, 188, 0, "a terminal");
}

Test(hwrng_node, other_devices_are_refused)
{
	judged(S_IFCHR, 1, 5, "character device 1:5");
	judged(S_IFCHR, 10, 182, "character device 10:182");
	judged(S_IFCHR, 10, 184, "character device 10:184");
	judged(S_IFCHR, 183, 10, "character device 183:10");
	judged(S_IFCHR, 144, 0, "character device 144:0");
}

Test(hwrng_node, what_is_no_character_device_is_refused)
{
	/* also with the right numbers */
	judged(S_IFBLK, 10, 183, "a block device");
	judged(S_IFREG, 0, 0, "a regular file");
	judged(S_IFIFO, 0, 0, "a FIFO");
	judged(S_IFSOCK, 0, 0, "a socket");
	judged(S_IFDIR, 0, 0, "a folder");
}

static int opened(const char *path)
{
	struct hwrng_node n;
	int rc = hwrng_node_open(&n, path, why);

	cr_assert_lt(rc, 0);
	cr_assert_eq(n.fd, -1);
	cr_assert_eq(n.current_fd, -1);
	return rc;
}

Test(hwrng_node, a_link_is_what_it_leads_to)
{
	char dir[] = "/tmp/onerng-hwrng.XXXXXX", path[64];

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/hwrng", dir);
	cr_assert_eq(opened(path), -ENODEV);
	cr_assert(strstr(why, "is not there"), "%s", why);
	cr_assert_eq(symlink("/dev/urandom", path), 0);
	cr_assert_eq(opened(path), -EINVAL);
	cr_assert(strstr(why, "the kernel's own pool"), "%s", why);
	unlink(path);
	/* and it is not waited for somebody who writes */
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_assert_eq(opened(path), -EINVAL);
	cr_assert(strstr(why, "a FIFO"), "%s", why);
	unlink(path);
	rmdir(dir);
}

static int current(const char *text, char name[static HWRNG_NAME_MAX])
{
	char path[] = "/tmp/onerng-current.XXXXXX";
	struct hwrng_node n = { -1, mkstemp(path) };
	int rc;

	unlink(path);
	cr_assert_eq(write(n.current_fd, text, strlen(text)),
		     (ssize_t)strlen(text));
	rc = hwrng_node_current(&n, name);
	hwrng_node_close(&n);
	return rc;
}

Test(hwrng_node, what_is_behind_it_has_a_printable_name)
{
	char name[HWRNG_NAME_MAX], long_name[200];

	cr_assert_eq(current("virtio_rng.0\n", name), 0);
	cr_assert_str_eq(name, "virtio_rng.0");
	cr_assert_eq(current("a\033[31m\377\nb\n", name), 0);
	cr_assert_str_eq(name, "a?[31m?");
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	cr_assert_eq(current(long_name, name), 0);
	cr_assert_eq(strlen(name), HWRNG_NAME_MAX - 1);
	cr_assert_eq(current("none\n", name), -ENODEV);
	cr_assert_eq(current("\n", name), -ENODEV);
	cr_assert_eq(current("", name), -ENODEV);
}
