#include <asm/termbits.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "host-agent/sandbox_roles.h"

const struct sandbox_rule sandbox_base[] = {
	/* descriptors that it has */
	SANDBOX_ALLOW(read),
	SANDBOX_ALLOW(readv),
	SANDBOX_ALLOW(write),
	SANDBOX_ALLOW(writev),
	SANDBOX_ALLOW(close),
	SANDBOX_ALLOW(poll),
	SANDBOX_ALLOW(ppoll),
	SANDBOX_ALLOW(fcntl),
	SANDBOX_ALLOW(lseek),
	SANDBOX_ALLOW(sendto),
	SANDBOX_ALLOW(sendmsg),
	SANDBOX_ALLOW(recvfrom),
	SANDBOX_ALLOW(recvmsg),
	SANDBOX_ALLOW(getsockopt),
	/* malloc and secmem; mmap and mprotect are each role's own matter */
	SANDBOX_ALLOW(brk),
	SANDBOX_ALLOW(munmap),
	SANDBOX_ALLOW(mremap),
	SANDBOX_ALLOW(madvise),
	SANDBOX_ALLOW(mlock),
	SANDBOX_ALLOW(mlock2),
	SANDBOX_ALLOW(munlock),
	/* threads and locks, where libraries have them */
	SANDBOX_ALLOW(futex),
	SANDBOX_ALLOW(set_robust_list),
	SANDBOX_ALLOW(rseq),
	SANDBOX_ALLOW(gettid),
	SANDBOX_ALLOW(sched_yield),
	SANDBOX_ALLOW(sched_getaffinity),
	/* signals and the end */
	SANDBOX_ALLOW(rt_sigaction),
	SANDBOX_ALLOW(rt_sigprocmask),
	SANDBOX_ALLOW(rt_sigreturn),
	SANDBOX_ALLOW(sigaltstack),
	SANDBOX_ALLOW(restart_syscall),
	SANDBOX_ALLOW(tgkill), /* a failed assertion is seen */
	SANDBOX_ALLOW(exit),
	SANDBOX_ALLOW(exit_group),
	/* time, where the vDSO has none */
	SANDBOX_ALLOW(clock_gettime),
	SANDBOX_ALLOW(clock_getres),
	SANDBOX_ALLOW(gettimeofday),
	SANDBOX_ALLOW(time),
	SANDBOX_ALLOW(clock_nanosleep),
	SANDBOX_ALLOW(nanosleep),
	/* who it is, and tables of libraries keyed at random */
	SANDBOX_ALLOW(getpid),
	SANDBOX_ALLOW(getppid),
	SANDBOX_ALLOW(getuid),
	SANDBOX_ALLOW(geteuid),
	SANDBOX_ALLOW(getgid),
	SANDBOX_ALLOW(getegid),
	SANDBOX_ALLOW(uname),
	SANDBOX_ALLOW(sysinfo),
	SANDBOX_ALLOW(getrandom),
	SANDBOX_END,
};

const struct sandbox_rule sandbox_no_code[] = {
	SANDBOX_ALLOW_IF(mmap, 2, PROT_EXEC, 0),
	SANDBOX_ALLOW_IF(mprotect, 2, PROT_EXEC, 0),
	SANDBOX_END,
};

/*
 * stdio asks whether it writes to a terminal, from glibc 2.42 on by the second
 * (powerpc has the first alone).
 */
const struct sandbox_rule sandbox_stdio[] = {
	SANDBOX_ALLOW_IF(ioctl, 1, SANDBOX_INT, TCGETS),
#ifdef TCGETS2
	SANDBOX_ALLOW_IF(ioctl, 1, SANDBOX_INT, TCGETS2),
#endif
	SANDBOX_END,
};
