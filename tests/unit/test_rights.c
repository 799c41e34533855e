/*
 * test_rights.c - what a missing right does to the agent: status, state, words
 */
#include "guest-agent/rights.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <criterion/criterion.h>

#include "common/caps.h"
#include "guest-agent/agent.h"

static const struct options opt = { .sandbox = true };

static struct agent made(void)
{
	return (struct agent){ .opt = &opt,
			       .exit = AGENT_FAILED,
			       .feeder = { .to = -1, .from = -1 } };
}

static void expect_end(const struct agent *a, enum agent_exit status,
		       const char *words)
{
	cr_expect(a->ended);
	cr_expect_eq(a->exit, status, "status %d", (int)a->exit);
	cr_expect_not_null(strstr(a->st.detail, words), "%s in: %s", words,
			   a->st.detail);
}

Test(rights, refusal_of_a_later_feed_is_a_missing_right)
{
	struct agent a = made(), b = made();

	cr_expect_eq(rights_feed_refused(&a, -EPERM), -EPERM);
	expect_end(&a, AGENT_NO_RIGHTS, "may not feed");
	cr_expect_str_eq(a.st.right_feed, STATUS_RIGHT_REFUSED);
	cr_expect_eq(rights_feed_refused(&b, -EACCES), -EACCES);
	expect_end(&b, AGENT_NO_RIGHTS, "security module");
}

Test(rights, another_error_of_a_feed_is_none)
{
	struct agent a = made();

	strcpy(a.st.right_feed, STATUS_RIGHT_PERMITTED);
	cr_expect_eq(rights_feed_refused(&a, -EFAULT), -EFAULT);
	expect_end(&a, AGENT_FAILED, "RNDADDENTROPY");
	cr_expect_str_eq(a.st.right_feed, STATUS_RIGHT_PERMITTED);
}

Test(rights, memory_that_cannot_be_locked_is_one)
{
	struct agent a = made();

	cr_expect_eq(rights_no_memory(&a, -EPERM), -EPERM);
	expect_end(&a, AGENT_NO_RIGHTS, "LimitMEMLOCK");
}

Test(rights, feeder_that_cannot_be_made_is_a_failure_and_no_missing_right)
{
	struct rlimit limit, none;
	struct agent a = made();
	int r;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	r = rights_start_feeder(&a);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	cr_expect_eq(r, -EMFILE);
	expect_end(&a, AGENT_FAILED, "cannot start");
	cr_expect_str_eq(a.st.right_feed, STATUS_RIGHT_UNKNOWN);
	cr_expect_str_eq(a.st.right_sandbox, STATUS_RIGHT_UNKNOWN);
}

Test(rights, feeder_without_the_capability_is_told_from_one_without_a_filter)
{
	struct agent a = made();

	cr_assert_eq(caps_limit_proven(CAPS_NONE), 0);
	cr_expect_eq(rights_start_feeder(&a), -EPERM);
	expect_end(&a, AGENT_NO_RIGHTS, "CAP_SYS_ADMIN");
	cr_expect_str_eq(a.st.right_feed, STATUS_RIGHT_REFUSED);
	cr_expect_str_eq(a.st.right_sandbox, STATUS_RIGHT_ON);
}

Test(rights, what_is_given_up_is_gone)
{
	struct agent a = made();
	uint64_t left;

	cr_assert_eq(rights_forbid_dumps(&a), 0);
	cr_expect_str_eq(a.st.right_feed, STATUS_RIGHT_UNWANTED);
	cr_expect_str_eq(a.st.right_rest, STATUS_RIGHT_UNKNOWN);
	cr_assert_eq(rights_give_up(&a), 0);
	cr_expect_str_eq(a.st.right_rest, STATUS_RIGHT_GIVEN_UP);
	cr_expect_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
	cr_assert_eq(caps_left(&left), 0);
	cr_expect_eq(left & ~(1ull << 1), 0, "more than CAP_DAC_OVERRIDE");
	cr_expect(!a.ended);
}

/* Whoever makes it dumpable again behind our back is found out. */
Test(rights, what_came_back_is_an_error)
{
	struct agent a = made();

	cr_assert_eq(rights_forbid_dumps(&a), 0);
	cr_assert_eq(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
	cr_expect_eq(rights_give_up(&a), -EOPNOTSUPP);
	expect_end(&a, AGENT_NO_RIGHTS, "still there");
	cr_expect_str_eq(a.st.right_rest, STATUS_RIGHT_KEPT);
}
