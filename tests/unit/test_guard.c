/*
 * test_guard.c - what a hook makes of the signals it is started with
 */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

#include "hooks/guard.h"

/* How a process that ignored signo and blocked all treats it with a guard. */
static struct sigaction guarded(int signo, bool *blocked)
{
	struct sigaction act;
	sigset_t all, now;

	signal(signo, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	guard_deadline(0, NULL);
	cr_assert_eq(sigaction(signo, NULL, &act), 0);
	cr_assert_eq(sigprocmask(SIG_BLOCK, NULL, &now), 0);
	*blocked = sigismember(&now, signo) != 0;
	return act;
}

Test(guard, deadline_is_neither_ignored_nor_blocked)
{
	bool blocked;

	cr_assert_neq(guarded(SIGALRM, &blocked).sa_handler, SIG_IGN);
	cr_assert_not(blocked);
}

/* Else it might be gone, and its number another one's, before it is waited for. */
Test(guard, end_of_a_child_is_not_ignored)
{
	bool blocked;

	cr_assert_eq(guarded(SIGCHLD, &blocked).sa_handler, SIG_DFL);
}

Test(guard, what_makes_an_error_of_a_write_ends_nobody)
{
	struct sigaction act;

	guard_deadline(0, NULL);
	cr_assert_eq(sigaction(SIGXFSZ, NULL, &act), 0);
	cr_assert_eq(act.sa_handler, SIG_IGN);
	cr_assert_eq(sigaction(SIGPIPE, NULL, &act), 0);
	cr_assert_eq(act.sa_handler, SIG_IGN);
}
