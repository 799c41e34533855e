#include "guest-agent/confine.h"

#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/random.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define NATIVE_ARCH AUDIT_ARCH_I386
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define NATIVE_ARCH AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE_ARCH AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && BYTE_ORDER == LITTLE_ENDIAN
#define NATIVE_ARCH AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define NATIVE_ARCH AUDIT_ARCH_S390X
#else
#error "add this machine's AUDIT_ARCH_ value"
#endif

/* The kernel looks at 32 bits of ioctl's second argument; so do we. */
#if BYTE_ORDER == LITTLE_ENDIAN
#define ARG1_LOW offsetof(struct seccomp_data, args[1])
#else
#define ARG1_LOW (offsetof(struct seccomp_data, args[1]) + 4)
#endif

/* More than this program opens itself; what it inherits may lie above. */
#define FD_MAX 256

/* No error of getsid(2), and nobody else's filter gives it. */
#define FILTER_SAYS ENOANO

#define LOAD(what)  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (what))
#define RETURN(val) BPF_STMT(BPF_RET | BPF_K, (val))
#define IF_EQ(val, yes, no) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)(val), (yes), (no))

/*
 * x32 calls on x86-64 come with bit 30 of nr set and thus match none of the
 * numbers; the offsets of the jumps count instructions from the next one.
 */
static struct sock_filter feeder_filter[] = {
	LOAD(offsetof(struct seccomp_data, arch)),
	IF_EQ(NATIVE_ARCH, 0, 9),
	LOAD(offsetof(struct seccomp_data, nr)),
	IF_EQ(SYS_read, 8, 0),
	IF_EQ(SYS_write, 7, 0),
	IF_EQ(SYS_exit_group, 6, 0),
	IF_EQ(SYS_getsid, 6, 0),
	IF_EQ(SYS_ioctl, 0, 3),
	LOAD(ARG1_LOW),
	IF_EQ(RNDADDENTROPY, 2, 0),
	IF_EQ(RNDRESEEDCRNG, 1, 0),
	RETURN(SECCOMP_RET_KILL_PROCESS),
	RETURN(SECCOMP_RET_ALLOW),
	RETURN(SECCOMP_RET_ERRNO | FILTER_SAYS),
};

/* All of first..last; Linux before 5.9 has no call for it. */
static void close_between(int first, int last)
{
	if (first > last)
		return;
#ifdef SYS_close_range
	if (!syscall(SYS_close_range, first, last, 0))
		return;
#endif
	for (int fd = first; fd <= last && fd < FD_MAX; fd++)
		close(fd);
}

void confine_descriptors(int a, int b, int c)
{
	const int keep[] = { a, b, c };
	int next;

	/* Each turn closes what lies below the next one that is kept. */
	for (int first = 0;; first = next + 1) {
		next = INT_MAX;
		for (int i = 0; i < 3; i++)
			if (keep[i] >= first && keep[i] < next)
				next = keep[i];
		if (next == INT_MAX) {
			close_between(first, INT_MAX);
			return;
		}
		close_between(first, next - 1);
	}
}

int confine_syscalls(void)
{
	struct sock_fprog prog = {
		.len = sizeof(feeder_filter) / sizeof(feeder_filter[0]),
		.filter = feeder_filter,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) < 0)
		return -errno;
	return 0;
}

int confine_effective(void)
{
	if (syscall(SYS_getsid, 0) < 0 && errno == FILTER_SAYS)
		return 0;
	return -EOPNOTSUPP;
}

void confine_exit(int status)
{
	syscall(SYS_exit_group, status);
}
