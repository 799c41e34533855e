/*
 * confine.h - giving up rights, by hand since only libc is here
 *
 * Stages: caps_limit() at start, confine_syscalls() in the feeder once everything
 * it needs is open.  Neither can be taken back, and both are proven.
 */
#ifndef GUEST_CONFINE_H
#define GUEST_CONFINE_H

/* Closes every descriptor but these three; -1 stands for none. */
void confine_descriptors(int a, int b, int c);

/*
 * From here on the process may read, write, end itself, and call ioctl with
 * RNDADDENTROPY or RNDRESEEDCRNG; getsid(2) fails, anything else kills it.  Sets no_new_privs.
 * 0 or -errno (-EINVAL: a kernel without seccomp filters).
 */
int confine_syscalls(void);

/*
 * Makes a call that the filter answers with an error of its own instead of
 * killing: 0; -EOPNOTSUPP: no filter saw it.
 */
int confine_effective(void);

/*
 * Ends a process that confine_syscalls() has locked in: exit_group and nothing
 * else.  Sanitizers make other calls from _exit(2) and before every call of a
 * function that is declared noreturn, so this one is not.
 */
void confine_exit(int status);

#endif /* GUEST_CONFINE_H */
