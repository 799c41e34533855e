/*
 * Capabilities: given up for good.  Without root there is less to give up.
 */
#include "common/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

typedef int child_fn(void);

static void expect_in_child(child_fn *fn)
{
	int status;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0)
		_exit(fn());
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFEXITED(status));
	cr_expect_eq(WEXITSTATUS(status), 0, "check %d", WEXITSTATUS(status));
}

static int give_up_all(void)
{
	uint64_t left = ~0ull;

	if (caps_limit(CAPS_NONE))
		return 1;
	if (caps_left(&left) || left)
		return 2;
	return chroot("/") < 0 && errno == EPERM ? 0 : 3;
}

static int keep_one(void)
{
	const uint64_t chown_bit = 1ull << CAP_CHOWN;
	uint64_t before, left;

	if (caps_left(&before) || caps_limit(chown_bit) || caps_left(&left))
		return 1;
	if (left != (before & chown_bit))
		return 2;
	/* what is gone is gone */
	if (caps_limit(~0ull) || caps_left(&left))
		return 3;
	return left != (before & chown_bit) ? 4 : 0;
}

static int keep_a_high_one(void)
{
	const uint64_t bit = 1ull << CAP_CHECKPOINT_RESTORE;
	uint64_t before, left;

	if (caps_left(&before) || caps_limit(bit) || caps_left(&left))
		return 1;
	return left != (before & bit) ? 2 : 0;
}

static int exec_brings_none_back(void)
{
	if (caps_limit(CAPS_NONE))
		return 1;
	execl("/bin/sh", "sh", "-c",
	      "! grep -E '^Cap(Inh|Prm|Eff|Amb):.*[1-9a-f]' /proc/self/status",
	      (char *)NULL);
	return 2;
}

static int prove_what_is_left(void)
{
	uint64_t left;

	if (caps_limit_proven(1ull << CAP_CHOWN | 1ull << CAP_FOWNER))
		return 1;
	if (caps_limit_proven(CAPS_NONE) || caps_left(&left) || left)
		return 2;
	/* to keep what is not there is no failure */
	return caps_limit_proven(~0ull) ? 3 : 0;
}

Test(caps, what_is_left_is_proven)
{
	expect_in_child(prove_what_is_left);
}

Test(caps, all_can_be_given_up)
{
	expect_in_child(give_up_all);
}

Test(caps, those_to_keep_are_kept_and_no_other_comes_back)
{
	expect_in_child(keep_one);
	expect_in_child(keep_a_high_one);
}

Test(caps, execve_brings_none_back)
{
	expect_in_child(exec_brings_none_back);
}
