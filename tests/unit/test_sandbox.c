/*
 * Filters: children lock themselves in and try what they may and may not do.
 */
#include "common/sandbox.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/usbdevice_fs.h>

#include <criterion/criterion.h>

#include "host-agent/sandbox_roles.h"

/* What a child needs to say how it went. */
static const struct sandbox_rule to_end[] = {
	SANDBOX_ALLOW(exit_group),     SANDBOX_ALLOW(munmap),
	SANDBOX_ALLOW(mmap),	       SANDBOX_ALLOW(futex),
	SANDBOX_ALLOW(rt_sigprocmask), SANDBOX_END,
};

static const struct sandbox_rule some[] = {
	SANDBOX_ALLOW(getpid),
	SANDBOX_ALLOW(getpid), /* twice is no mistake */
	SANDBOX_ALLOW_IF(ioctl, 1, SANDBOX_INT, USBDEVFS_RESET),
	SANDBOX_ALLOW_IF(mprotect, 2, PROT_EXEC, 0),
	SANDBOX_END,
};

static const struct sandbox_rule *const lists[] = { to_end, some, NULL };

/* Runs in the child: 0 when all is as it should be. */
typedef int try_fn(void);

static int enter_some(enum sandbox_mode mode)
{
	return sandbox_enter(mode, lists);
}

/*
 * Sanitizers make calls of their own before a function that does not return,
 * and those are not listed.
 */
static void leave(int status)
{
	syscall(SYS_exit_group, status);
}

static int run(int (*enter)(enum sandbox_mode), enum sandbox_mode mode,
	       try_fn *try)
{
	int status;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		if (enter(mode) < 0)
			leave(99);
		leave(try());
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void expect_well(int status)
{
	cr_expect(WIFEXITED(status), "killed by signal %d", WTERMSIG(status));
	cr_expect_eq(WEXITSTATUS(status), 0, "check %d", WEXITSTATUS(status));
}

static void expect_killed(int status)
{
	cr_expect(WIFSIGNALED(status), "it exited with %d",
		  WEXITSTATUS(status));
	cr_expect_eq(WTERMSIG(status), SIGSYS);
}

static int refused(long ret)
{
	return ret == -1 && errno == EPERM;
}

static int try_allowed(void)
{
	return syscall(SYS_getpid) <= 0;
}

static int try_forbidden(void)
{
	return !refused(syscall(SYS_getppid));
}

/* No descriptor is behind it: a call that passes the filter says EBADF. */
static int try_ioctls(void)
{
	if (syscall(SYS_ioctl, -1, USBDEVFS_RESET, 0) != -1 || errno != EBADF)
		return 1;
	/* the kernel does not look at the upper half; nor does the filter */
	if (syscall(SYS_ioctl, -1, 1ull << 32 | USBDEVFS_RESET, 0) != -1 ||
	    errno != EBADF)
		return 2;
	if (!refused(syscall(SYS_ioctl, -1, USBDEVFS_BULK, 0)))
		return 3;
	return !refused(syscall(SYS_ioctl, -1, 0, 0)) ? 4 : 0;
}

static int try_other_ioctl(void)
{
	syscall(SYS_ioctl, -1, USBDEVFS_BULK, 0);
	return 1;
}

static int try_code(void)
{
	static char page[2 * 65536];
	char *at = page + 65536 - (size_t)page % 65536;

	if (syscall(SYS_mprotect, at, 4096, PROT_READ | PROT_WRITE) < 0)
		return 1;
	return !refused(syscall(SYS_mprotect, at, 4096, PROT_READ | PROT_EXEC));
}

Test(sandbox, lets_pass_what_is_listed)
{
	expect_well(run(enter_some, SANDBOX_ERRNO, try_allowed));
	expect_well(run(enter_some, SANDBOX_KILL, try_allowed));
}

Test(sandbox, refuses_the_rest_with_eperm)
{
	expect_well(run(enter_some, SANDBOX_ERRNO, try_forbidden));
}

Test(sandbox, kills_for_the_rest_where_tests_want_it)
{
	expect_killed(run(enter_some, SANDBOX_KILL, try_forbidden));
}

Test(sandbox, off_is_off)
{
	cr_expect(run(enter_some, SANDBOX_OFF, try_forbidden) != 0);
}

Test(sandbox, ioctl_is_known_by_its_request)
{
	expect_well(run(enter_some, SANDBOX_ERRNO, try_ioctls));
	expect_killed(run(enter_some, SANDBOX_KILL, try_other_ioctl));
}

Test(sandbox, memory_cannot_become_code)
{
	expect_well(run(enter_some, SANDBOX_ERRNO, try_code));
}

static void *thread_waits(void *arg)
{
	int *fds = arg;
	char c = 0;

	/* what a thread needs to begin is not listed */
	if (write(fds[0], &c, 1) == 1 && read(fds[0], &c, 1) == 1 &&
	    refused(syscall(SYS_getppid)))
		leave(0);
	leave(1);
	return NULL;
}

static const struct sandbox_rule io[] = {
	SANDBOX_ALLOW(read),
	SANDBOX_ALLOW(write),
	SANDBOX_ALLOW(pause),
	SANDBOX_END,
};

/* A thread that was there before is locked in as well. */
Test(sandbox, holds_for_all_threads)
{
	const struct sandbox_rule *const with_io[] = { to_end, io, NULL };
	int status, fds[2];
	char c;
	pthread_t thread;
	pid_t pid;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	pid = fork();
	if (pid == 0) {
		if (pthread_create(&thread, NULL, thread_waits, fds) ||
		    read(fds[1], &c, 1) != 1 ||
		    sandbox_enter(SANDBOX_ERRNO, with_io) ||
		    write(fds[1], "x", 1) != 1)
			leave(2);
		for (;;)
			pause();
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	expect_well(status);
	close(fds[0]);
	close(fds[1]);
}

Test(sandbox, rule_that_cannot_be_is_refused)
{
	static const struct sandbox_rule bad[] = {
		{ .call = SCMP_SYS(read), .arg = 9, .mask = 1 },
		SANDBOX_END,
	};
	const struct sandbox_rule *const list[] = { bad, NULL };

	cr_expect_eq(sandbox_enter(SANDBOX_KILL, list), -EINVAL);
	cr_expect_gt(syscall(SYS_getppid), 0);
}

static int is_effective(void)
{
	return sandbox_effective(SANDBOX_ERRNO) != 0;
}

static int kills_are_seen(void)
{
	return sandbox_effective(SANDBOX_KILL) != 0;
}

static int is_not_killing(void)
{
	return sandbox_effective(SANDBOX_KILL) != -EPERM;
}

/* With no filter the call is allowed, which is what must not go unseen. */
static int is_not_effective(void)
{
	return sandbox_effective(SANDBOX_ERRNO) != -EPERM ||
	       sandbox_effective(SANDBOX_KILL) != -EPERM ||
	       sandbox_effective(SANDBOX_OFF) != 0;
}

Test(sandbox, tells_whether_it_works)
{
	expect_well(run(sandbox_core, SANDBOX_ERRNO, is_effective));
	expect_well(run(sandbox_core, SANDBOX_KILL, kills_are_seen));
	expect_well(run(sandbox_core, SANDBOX_OFF, is_not_effective));
	/* one mode is not the other */
	expect_well(run(sandbox_core, SANDBOX_ERRNO, is_not_killing));
}

static int try_getsid(void)
{
	syscall(SYS_getsid, 0);
	return 1;
}

#ifdef TCGETS2
/* They fail by the descriptor, so the filter let them pass. */
static int try_termios2(void)
{
	if (syscall(SYS_ioctl, -1, TCGETS, 0) != -1 || errno != EBADF)
		return 1;
	if (syscall(SYS_ioctl, -1, TCGETS2, 0) != -1 || errno != EBADF)
		return 2;
	return 0;
}

static int try_setting_termios2(void)
{
	return syscall(SYS_ioctl, -1, TCSETS2, 0) != -1 || errno != EBADF;
}

Test(sandbox, glibc_2_42_may_ask_whether_it_has_a_terminal)
{
	expect_well(run(sandbox_core, SANDBOX_KILL, try_termios2));
	expect_well(run(sandbox_reader, SANDBOX_KILL, try_termios2));
	expect_well(run(sandbox_hwrng, SANDBOX_KILL, try_termios2));
	expect_well(run(sandbox_watcher, SANDBOX_KILL, try_termios2));
	expect_well(run(sandbox_core, SANDBOX_KILL, try_setting_termios2));
	expect_killed(run(sandbox_reader, SANDBOX_KILL, try_setting_termios2));
}
#endif

/* The state of getrandom(3) without a system call, from glibc 2.41 on. */
static int try_droppable(void)
{
	return syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE,
		       0x08 /* MAP_DROPPABLE */ | MAP_ANONYMOUS, -1, 0) == -1 &&
	       errno == EPERM;
}

Test(sandbox, glibc_2_41_may_map_what_may_be_dropped)
{
	expect_well(run(sandbox_core, SANDBOX_KILL, try_droppable));
	expect_well(run(sandbox_reader, SANDBOX_KILL, try_droppable));
	expect_well(run(sandbox_hwrng, SANDBOX_KILL, try_droppable));
}

Test(sandbox, every_role_dies_of_what_it_may_not)
{
	expect_killed(run(sandbox_core, SANDBOX_KILL, try_getsid));
	expect_killed(run(sandbox_reader, SANDBOX_KILL, try_getsid));
	expect_killed(run(sandbox_watcher, SANDBOX_KILL, try_getsid));
	expect_killed(run(sandbox_terminal, SANDBOX_KILL, try_getsid));
}

/* As under a service manager that forbids seccomp(2). */
static int try_to_enter(void)
{
	return sandbox_core(SANDBOX_ERRNO) < 0 ? 0 : 1;
}

Test(sandbox, filter_that_cannot_be_had_is_an_error)
{
	expect_well(run(sandbox_reader, SANDBOX_ERRNO, try_to_enter));
}

Test(sandbox, modes_have_names)
{
	cr_expect_eq(sandbox_mode_parse("off"), SANDBOX_OFF);
	cr_expect_eq(sandbox_mode_parse("errno"), SANDBOX_ERRNO);
	cr_expect_eq(sandbox_mode_parse("kill"), SANDBOX_KILL);
	cr_expect_eq(sandbox_mode_parse(""), -EINVAL);
	cr_expect_eq(sandbox_mode_parse("kil"), -EINVAL);
	cr_expect_eq(sandbox_mode_parse("KILL"), -EINVAL);
	cr_expect_str_eq(sandbox_mode_name(SANDBOX_KILL), "kill");
}

/* What a role that was taken over would try first. */
static int try_as_reader(void)
{
	if (!refused(syscall(SYS_execve, "/bin/true", NULL, NULL)))
		return 1;
	if (!refused(syscall(SYS_socket, AF_INET, SOCK_STREAM, 0)))
		return 2;
	if (!refused(syscall(SYS_ptrace, 0, 0, 0, 0)))
		return 3;
	if (!refused(syscall(SYS_mount, NULL, NULL, NULL, 0, NULL)))
		return 4;
	if (!refused(syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)))
		return 5;
	if (!refused(syscall(SYS_kill, 1, 0)))
		return 6;
	if (syscall(SYS_ioctl, -1, USBDEVFS_SUBMITURB, 0) != -1 ||
	    errno != EBADF)
		return 7;
	return !refused(syscall(SYS_ioctl, -1, TIOCSTI, 0)) ? 8 : 0;
}

static int try_as_watcher(void)
{
	if (!refused(syscall(SYS_ioctl, -1, USBDEVFS_SUBMITURB, 0)))
		return 1;
	if (!refused(syscall(SYS_execve, "/bin/true", NULL, NULL)))
		return 2;
	return !refused(syscall(SYS_socket, AF_INET6, SOCK_DGRAM, 0)) ? 3 : 0;
}

static int try_as_terminal(void)
{
	if (!refused(syscall(SYS_openat, -1, "/dev/ptmx", O_RDWR, 0)))
		return 1;
	if (!refused(syscall(SYS_execve, "/bin/true", NULL, NULL)))
		return 2;
	if (!refused(syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0)))
		return 3;
	if (syscall(SYS_ioctl, -1, TCSETS, 0) != -1 || errno != EBADF)
		return 4;
	if (!refused(syscall(SYS_ioctl, -1, TIOCSTI, 0)))
		return 5;
	return !refused(syscall(SYS_ioctl, -1, TIOCSETD, 0)) ? 6 : 0;
}

static int try_as_core(void)
{
	if (!refused(syscall(SYS_socket, AF_INET, SOCK_STREAM, 0)))
		return 1;
	if (!refused(syscall(SYS_ptrace, 0, 0, 0, 0)))
		return 2;
	if (!refused(syscall(SYS_setuid, 0)))
		return 3;
	return !refused(syscall(SYS_bpf, 0, NULL, 0)) ? 4 : 0;
}

Test(sandbox, reader_keeps_to_usb)
{
	expect_well(run(sandbox_reader, SANDBOX_ERRNO, try_as_reader));
}

Test(sandbox, watcher_has_no_device)
{
	expect_well(run(sandbox_watcher, SANDBOX_ERRNO, try_as_watcher));
}

Test(sandbox, terminals_have_their_modes_set_and_no_more)
{
	expect_well(run(sandbox_terminal, SANDBOX_ERRNO, try_as_terminal));
}

Test(sandbox, core_has_no_network)
{
	expect_well(run(sandbox_core, SANDBOX_ERRNO, try_as_core));
}

/* With all capabilities in it, and so the kernel's code for them. */
static int try_namespace(void)
{
	if (!refused(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)))
		return 1;
	if (!refused(syscall(SYS_unshare, CLONE_NEWUSER)))
		return 2;
	return syscall(SYS_clone3, NULL, 0) != -1 || errno != ENOSYS ? 3 : 0;
}

Test(sandbox, nobody_makes_a_namespace)
{
	expect_well(run(sandbox_core, SANDBOX_ERRNO, try_namespace));
	expect_well(run(sandbox_reader, SANDBOX_ERRNO, try_namespace));
	expect_well(run(sandbox_watcher, SANDBOX_ERRNO, try_namespace));
}

static int enter_core_then_reader(enum sandbox_mode mode)
{
	int r = sandbox_core(mode);

	return r ? r : sandbox_reader(mode);
}

Test(sandbox, reader_locks_itself_in_behind_the_core)
{
	expect_well(run(enter_core_then_reader, SANDBOX_ERRNO, try_as_reader));
	expect_well(run(enter_core_then_reader, SANDBOX_KILL, try_allowed));
}

Test(sandbox, lists_are_told_apart)
{
	const struct sandbox_rule *const shorter[] = { to_end, NULL };
	struct sandbox_rule other[sizeof(some) / sizeof(some[0])];
	const struct sandbox_rule *const changed[] = { to_end, other, NULL };
	uint64_t id = sandbox_id(lists);

	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		other[i] = some[i];
	cr_expect_eq(sandbox_id(changed), id, "the same in another place");
	cr_expect_neq(sandbox_id(shorter), id, "fewer");
	other[0].call++;
	cr_expect_neq(sandbox_id(changed), id, "another call");
	other[0].call--;
	other[0].mask ^= 1;
	cr_expect_neq(sandbox_id(changed), id, "of other arguments");
	cr_expect_eq(sandbox_core_id(), sandbox_core_id());
	cr_expect_neq(sandbox_core_id(), id);
}
