/*
 * sandbox.h - a seccomp filter from lists of the system calls a process needs
 *
 * The lists stand with the programs, each with its reason.  What is not listed
 * fails with EPERM and is logged by the kernel (audit), or kills the process,
 * as tests want it.  A filter is for ever and for every child, also behind
 * execve(2); a second one can only forbid more.  Not libc alone: libseccomp.
 */
#ifndef COMMON_SANDBOX_H
#define COMMON_SANDBOX_H

#include <stdint.h>

#include <seccomp.h>

enum sandbox_mode {
	SANDBOX_OFF,
	SANDBOX_ERRNO,
	SANDBOX_KILL,
};

/* A call, and what one of its arguments has to be: (argument & mask) == value.
 */
struct sandbox_rule {
	int call; /* SCMP_SYS(NAME) */
	unsigned int arg;
	uint64_t mask, value; /* mask 0: any arguments */
	int error; /* 0: allowed; else the errno that it fails with */
	int last;  /* the end of a list */
};

#define SANDBOX_ALLOW(name)                       \
	{                                         \
		.call = SCMP_SYS(name), .arg = 0, \
	}
#define SANDBOX_ALLOW_IF(name, number, bits, wanted)                     \
	{                                                                \
		.call = SCMP_SYS(name), .arg = (number), .mask = (bits), \
		.value = (wanted),                                       \
	}
/* For a call that has a fallback: it fails with that also in SANDBOX_KILL. */
#define SANDBOX_ANSWER(name, err)                                 \
	{                                                         \
		.call = SCMP_SYS(name), .arg = 0, .error = (err), \
	}
#define SANDBOX_END        \
	{                  \
		.last = 1, \
	}

/* The kernel looks at 32 bits of arguments that are int. */
#define SANDBOX_INT UINT32_MAX

/*
 * Locks this process (all its threads) in; lists ends with NULL.  Sets
 * no_new_privs.  0; -EINVAL: a rule or a kernel without filters; -ENOMEM.
 */
int sandbox_enter(enum sandbox_mode mode,
		  const struct sandbox_rule *const *lists);

/*
 * The same number for the same lists in every process of this architecture: is
 * a filter that somebody put there the one that these would make?
 */
uint64_t sandbox_id(const struct sandbox_rule *const *lists);

/*
 * Tries what no list of ours has (getsid(2)), in SANDBOX_KILL's case in a
 * child.  The kernel logs it.  0; -EPERM: it was allowed; -errno.
 */
int sandbox_effective(enum sandbox_mode mode);

/* "off", "errno" or "kill" to its mode; -EINVAL for others. */
int sandbox_mode_parse(const char *name);
const char *sandbox_mode_name(enum sandbox_mode mode);

#endif /* COMMON_SANDBOX_H */
