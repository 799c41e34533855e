/*
 * What the kernel was really asked for: looked up in /proc/self/smaps, or seen
 * by a child that dies or reports.
 */
#include "common/secmem.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

/* The VmFlags line of the mapping that holds addr, or "". */
static void read_vm_flags(const void *addr, char *flags, size_t size)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	unsigned long from, to;
	char line[512];
	int inside = 0;

	cr_assert_not_null(smaps);
	flags[0] = '\0';
	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = from <= (uintptr_t)addr &&
				 (uintptr_t)addr < to;
		if (inside && strncmp(line, "VmFlags:", 8) == 0)
			snprintf(flags, size, "%s", line + 8);
	}
	fclose(smaps);
}

/* Runs body in a child; its wait status. */
static int in_child(void (*body)(void *arg), void *arg)
{
	int status;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		/* a sanitizer's handler would exit instead */
		signal(SIGSEGV, SIG_DFL);
		body(arg);
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void touch(void *arg)
{
	*(volatile uint8_t *)arg = 1;
}

static int touching_dies(uint8_t *addr)
{
	int status = in_child(touch, addr);

	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

Test(secmem, memory_is_zeroed_aligned_and_writable)
{
	static const size_t sizes[] = {
		1, 15, 16, 17, 4095, 4096, 4097, 65536
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint8_t *mem = secmem_alloc(sizes[i]);

		cr_assert_not_null(mem);
		cr_assert_eq((uintptr_t)mem % 16, 0);
		for (size_t n = 0; n < sizes[i]; n++)
			cr_assert_eq(mem[n], 0);
		memset(mem, 0xa5, sizes[i]);
		secmem_free(mem);
	}
}

Test(secmem, size_out_of_bounds_is_refused)
{
	cr_assert_null(secmem_alloc(0));
	cr_assert_eq(errno, EINVAL);
	cr_assert_null(secmem_alloc(SECMEM_MAX + 1));
	cr_assert_eq(errno, EINVAL);
	cr_assert_null(secmem_alloc(SIZE_MAX));
	cr_assert_eq(errno, EINVAL);
}

Test(secmem, freeing_nothing_is_fine)
{
	secmem_free(NULL);
}

Test(secmem, freed_memory_is_gone)
{
	uint8_t *mem = secmem_alloc(100);

	secmem_free(mem);
	cr_assert(touching_dies(mem));
}

Test(secmem, pages_are_locked_undumped_and_wiped_on_fork)
{
	char flags[512];
	void *mem = secmem_alloc(10000);

	read_vm_flags(mem, flags, sizeof(flags));
	cr_assert_not_null(strstr(flags, " lo"), "%s", flags);
	cr_assert_not_null(strstr(flags, " dd"), "%s", flags);
	cr_assert_not_null(strstr(flags, " wf"), "%s", flags);
	secmem_free(mem);
}

Test(secmem, write_behind_the_end_dies)
{
	static const size_t sizes[] = { 16, 4096, 8192, 10000 };

	for (size_t i = 0; i < 4; i++) {
		uint8_t *mem = secmem_alloc(sizes[i]);

		cr_assert(!touching_dies(mem + sizes[i] - 1));
		cr_assert(touching_dies(mem + sizes[i]));
		secmem_free(mem);
	}
}

Test(secmem, write_far_before_the_start_dies)
{
	uint8_t *mem = secmem_alloc(4096);

	cr_assert(touching_dies(mem - 1));
	cr_assert(touching_dies(mem - 4096));
	/* the header, which is read-only */
	cr_assert(touching_dies(mem - 8192));
	secmem_free(mem);
}

#define PATTERN	    0xa5
#define PATTERN_LEN 10000

struct release {
	uint8_t *mem;
	void (*fn)(void *mem);
};

static void release_traced(void *arg)
{
	const struct release *release = arg;

	memset(release->mem, PATTERN, PATTERN_LEN);
	if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
		_exit(99);
	raise(SIGSTOP);
	release->fn(release->mem);
	raise(SIGKILL); /* no munmap but its own is seen */
}

/* Lets a stopped child go on to its next munmap(2), before that is done. */
static bool reach_munmap(pid_t pid)
{
	struct __ptrace_syscall_info info;
	int status;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, 0, 0) < 0 ||
		    waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
			return false;
		if (WSTOPSIG(status) == (SIGTRAP | 0x80) &&
		    ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) >
			    0 &&
		    info.op == PTRACE_SYSCALL_INFO_ENTRY &&
		    info.entry.nr == SYS_munmap)
			return true;
	}
}

/* Bytes of the pattern in a child's mem as it enters munmap(2); -1: never. */
static int pattern_at_munmap(void (*fn)(void *mem))
{
	static uint8_t seen[PATTERN_LEN];
	struct release release = { secmem_alloc(PATTERN_LEN), fn };
	struct iovec here = { seen, sizeof(seen) };
	struct iovec there = { release.mem, sizeof(seen) };
	int status, found = 0;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0)
		release_traced(&release);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFSTOPPED(status));
	ptrace(PTRACE_SETOPTIONS, pid, 0,
	       PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	if (reach_munmap(pid)) {
		cr_assert_eq(process_vm_readv(pid, &here, 1, &there, 1, 0),
			     PATTERN_LEN);
		for (size_t i = 0; i < PATTERN_LEN; i++)
			found += seen[i] == PATTERN;
	} else {
		found = -1;
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	secmem_free(release.mem);
	return found;
}

static void unmap_only(void *mem)
{
	uint8_t *pages = (uint8_t *)mem - (uintptr_t)mem % 4096;

	munmap(pages, PATTERN_LEN);
}

Test(secmem, memory_is_wiped_when_it_goes_back_to_the_kernel)
{
	cr_assert_eq(pattern_at_munmap(secmem_free), 0);
}

Test(secmem, memory_that_is_not_wiped_is_seen_when_it_goes_back)
{
	cr_assert_eq(pattern_at_munmap(unmap_only), PATTERN_LEN);
}

static void exit_with_any_byte(void *arg)
{
	const uint8_t *mem = arg;
	int any = 0;

	for (size_t i = 0; i < 10000; i++)
		any |= mem[i];
	_exit(any);
}

Test(secmem, forked_child_finds_zeros)
{
	uint8_t *mem = secmem_alloc(10000);
	int status;

	memset(mem, 0x5a, 10000);
	status = in_child(exit_with_any_byte, mem);
	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), 0);
	cr_assert_eq(mem[9999], 0x5a);
	secmem_free(mem);
}

/* CAP_IPC_LOCK would lift the limit. */
static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[2] = { 0 };

	if (syscall(SYS_capset, &header, none) < 0)
		_exit(99);
}

struct attempt {
	rlim_t limit;
	size_t size;
};

/* Exits with the errno of an allocation under a limit. */
static void allocate_under_limit(void *arg)
{
	const struct attempt *attempt = arg;
	struct rlimit limit = { attempt->limit, attempt->limit };

	drop_capabilities();
	if (setrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		_exit(98);
	_exit(secmem_alloc(attempt->size) ? 0 : errno);
}

static int errno_under_limit(rlim_t limit, size_t size)
{
	struct attempt attempt = { limit, size };
	int status = in_child(allocate_under_limit, &attempt);

	cr_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

Test(secmem, allocation_that_fits_the_memlock_limit_is_given)
{
	cr_assert_eq(errno_under_limit(65536, 65536), 0);
}

Test(secmem, allocation_above_the_memlock_limit_is_refused)
{
	cr_assert_eq(errno_under_limit(65536, 65537), EPERM);
}

Test(secmem, allocation_without_right_to_lock_is_refused)
{
	cr_assert_eq(errno_under_limit(0, 1), EPERM);
}

static void exhaust_address_space(void *arg)
{
	struct rlimit limit = { 4096, 4096 };

	(void)arg;
	if (setrlimit(RLIMIT_AS, &limit) < 0)
		_exit(98);
	_exit(secmem_alloc(1u << 20) ? 0 : errno);
}

Test(secmem, allocation_without_address_space_is_refused)
{
	int status = in_child(exhaust_address_space, NULL);

	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), ENOMEM);
}

static void exit_with_dump_state(void *arg)
{
	struct rlimit limit;

	(void)arg;
	if (secmem_no_dump() < 0)
		_exit(1);
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		_exit(2);
	getrlimit(RLIMIT_CORE, &limit);
	_exit(limit.rlim_cur == 0 && limit.rlim_max == 0 ? 0 : 3);
}

Test(secmem, process_can_be_kept_from_leaving_a_core)
{
	int status = in_child(exit_with_dump_state, NULL);

	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), 0);
}
