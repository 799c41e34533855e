/*
 * test_krng.c - facts about the kernel's RNG, the container and the clocks
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest-agent/clockjump.h"
#include "guest-agent/container.h"
#include "guest-agent/krng.h"
#include "tests/unit/folder.h"

TestSuite(krng, .init = folder_make, .fini = folder_remove);

static void setup_proc(void)
{
	folder_make();
	folder_put("proc/self/stat", "", 0);
}

TestSuite(container, .init = setup_proc, .fini = folder_remove);

static int poolsize_of(const char *text)
{
	return krng_poolsize(folder_text("poolsize", text));
}

Test(krng, poolsize_is_read_with_and_without_newline)
{
	cr_assert_eq(poolsize_of("256\n"), 256);
	cr_assert_eq(poolsize_of("4096"), 4096);
}

Test(krng, poolsize_that_is_no_number_is_an_error)
{
	static const char *const bad[] = {
		"",	      "\n", "0\n",	     "-1\n",
		"256 bits\n", "x",  "99999999999\n", "1048577",
		" 256",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(poolsize_of(bad[i]), -EBADMSG, "'%s'", bad[i]);
}

Test(krng, missing_poolsize_is_an_error)
{
	cr_assert_eq(krng_poolsize("/nonexistent/poolsize"), -ENOENT);
}

Test(krng, poolsize_of_256_is_the_new_design)
{
	cr_assert_eq(krng_design(256), KRNG_NEW);
	cr_assert_eq(krng_design(4096), KRNG_OLD);
	cr_assert_eq(krng_design(257), KRNG_OLD);
	cr_assert_eq(krng_design(-ENOENT), KRNG_UNKNOWN);
	cr_assert_str_eq(krng_design_name(KRNG_NEW), "new");
	cr_assert_str_eq(krng_design_name(KRNG_OLD), "old");
	cr_assert_str_eq(krng_design_name(KRNG_UNKNOWN), "unknown");
}

Test(krng, current_driver_is_the_first_line)
{
	char name[16];

	cr_assert_eq(krng_current(folder_put("rng", "virtio_rng.0\n", 13), name,
				  sizeof(name)),
		     0);
	cr_assert_str_eq(name, "virtio_rng.0");
}

Test(krng, current_driver_longer_than_the_buffer_is_cut)
{
	char name[8];

	cr_assert_eq(krng_current(folder_put("rng", "virtio_rng.0\n", 13), name,
				  sizeof(name)),
		     0);
	cr_assert_str_eq(name, "virtio_");
}

Test(krng, missing_driver_file_leaves_no_name)
{
	char name[8] = "x";

	cr_assert_eq(krng_current("/nonexistent", name, sizeof(name)), -ENOENT);
	cr_assert_str_eq(name, "");
}

Test(krng, this_kernel_answers)
{
	int fd = open("/dev/random", O_RDONLY | O_CLOEXEC);

	cr_assert(fd >= 0);
	cr_assert(krng_entropy(fd) >= 0);
	cr_assert_eq(krng_ready(fd), 1);
	close(fd);
}

Test(krng, closed_descriptor_is_an_error)
{
	cr_assert_eq(krng_entropy(-1), -EBADF);
	cr_assert_eq(krng_ready(1000), -EBADF);
	cr_assert_eq(krng_ready(-1), -EBADF);
}

Test(container, plain_machine_is_none)
{
	folder_put("proc/1/environ", "HOME=/\0TERM=linux", 18);
	cr_assert_null(container_detect(folder));
}

Test(container, without_proc_nothing_shows_that_it_is_none)
{
	remove(folder_put("proc/self/stat", "", 0));
	cr_assert_not_null(container_detect(folder));
}

Test(container, environment_of_process_1_shows_it)
{
	static const char first[] = "container=lxc\0HOME=/";
	static const char last[] = "HOME=/\0container=lxc";
	static const char other[] = "mycontainer=lxc\0HOME=container=x";

	folder_put("proc/1/environ", first, sizeof(first));
	cr_assert_not_null(container_detect(folder));
	folder_put("proc/1/environ", last, sizeof(last) - 1);
	cr_assert_not_null(container_detect(folder));
	folder_put("proc/1/environ", other, sizeof(other));
	cr_assert_null(container_detect(folder));
}

Test(container, environment_is_read_to_its_end)
{
	static const char last[] = "container=lxc";
	static char big[3000000];

	for (size_t other = 1; other < 5000; other += 499) {
		memset(big, 'a', sizeof(big));
		memcpy(big + sizeof(big) - sizeof(last), last, sizeof(last));
		folder_put("proc/1/environ", big, sizeof(big));
		cr_assert_null(container_detect(folder));
		big[sizeof(big) - sizeof(last) - 1] = '\0';
		folder_put("proc/1/environ", big + other, sizeof(big) - other);
		cr_assert_not_null(container_detect(folder));
	}
}

Test(container, name_that_begins_like_it_is_another)
{
	static const char others[] = "containe\0container\0container_=1\0"
				     "Container=1\0=container=1";

	folder_put("proc/1/environ", others, sizeof(others));
	cr_assert_null(container_detect(folder));
}

Test(container, marker_of_systemd_shows_it)
{
	folder_put("run/systemd/container", "", 0);
	cr_assert_not_null(container_detect(folder));
}

static bool foreign(const char *map)
{
	folder_text("proc/self/uid_map", map);
	return container_foreign_userns(folder);
}

Test(container, identity_map_is_the_initial_namespace)
{
	cr_assert(!foreign("         0          0 4294967295\n"));
	cr_assert(foreign("         0     100000      65536\n"));
	cr_assert(foreign("         0          0      65536\n"));
	cr_assert(foreign("         0       1000          1\n"));
	cr_assert(foreign(""));
}

/* What /proc/WHO/ns/user names. */
static void put_userns(const char *who, const char *target)
{
	char name[64], path[PATH_MAX];

	snprintf(name, sizeof(name), "proc/%s/ns/x", who);
	folder_put(name, "", 0);
	snprintf(path, sizeof(path), "%s/proc/%s/ns/user", folder, who);
	unlink(path);
	cr_assert_eq(symlink(target, path), 0);
}

Test(container, user_namespace_of_process_1_shows_it)
{
	put_userns("self", "user:[4026532500]");
	cr_assert(foreign("         0     100000      65536\n"));
	cr_assert_null(container_detect(folder), "process 1 is not to be seen");
	put_userns("1", "user:[4026531837]");
	cr_assert_null(container_detect(folder), "a service in one of its own");
	put_userns("1", "user:[402653250]");
	cr_assert_null(container_detect(folder), "the beginning is the same");
	put_userns("1", "user:[4026532500]");
	cr_assert_not_null(container_detect(folder));
	cr_assert(!foreign("         0          0 4294967295\n"));
	cr_assert_null(container_detect(folder), "the initial one");
}

Test(container, kernel_without_user_namespaces_is_the_initial_one)
{
	cr_assert(!container_foreign_userns(folder));
}

static enum clockjump after(int64_t mono, int64_t boot, int64_t real)
{
	static const struct clocks then = { 5000, 9000, 1000000 };
	struct clocks now = { then.monotonic_ms + mono, then.boottime_ms + boot,
			      then.realtime_ms + real };

	return clockjump_between(&then, &now);
}

Test(clockjump, clocks_that_run_together_are_no_jump)
{
	cr_assert_eq(after(0, 0, 0), CLOCKJUMP_NONE);
	cr_assert_eq(after(60000, 60000, 60000), CLOCKJUMP_NONE);
	cr_assert_eq(after(60000, 61000, 61000), CLOCKJUMP_NONE);
	cr_assert_eq(after(60000, 60000, 62000), CLOCKJUMP_NONE);
	cr_assert_eq(after(60000, 60000, 58000), CLOCKJUMP_NONE);
}

Test(clockjump, sleep_is_a_resume)
{
	cr_assert_eq(after(60000, 61001, 61001), CLOCKJUMP_RESUME);
	cr_assert_eq(after(1, 3600000, 3600000), CLOCKJUMP_RESUME);
}

Test(clockjump, set_time_is_a_step_both_ways)
{
	cr_assert_eq(after(60000, 60000, 62001), CLOCKJUMP_STEP);
	cr_assert_eq(after(60000, 60000, 57999), CLOCKJUMP_STEP);
}

Test(clockjump, clocks_of_this_machine_advance)
{
	struct clocks a, b;

	clocks_now(&a);
	clocks_now(&b);
	cr_assert(b.monotonic_ms >= a.monotonic_ms);
	cr_assert(a.boottime_ms >= a.monotonic_ms);
}

Test(clockjump, watch_can_be_armed_again)
{
	int fd = clockjump_watch_open();

	cr_assert(fd >= 0);
	clockjump_watch_rearm(fd);
	close(fd);
}
