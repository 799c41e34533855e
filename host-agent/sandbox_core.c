#include <asm/termbits.h>
#include <linux/sockios.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "host-agent/sandbox_roles.h"

static const struct sandbox_rule core[] = {
	/* libevent's loop, and how it reads */
	SANDBOX_ALLOW(epoll_wait),
	SANDBOX_ALLOW(epoll_pwait),
	SANDBOX_ALLOW(epoll_pwait2),
	SANDBOX_ALLOW(epoll_ctl),
	SANDBOX_ALLOW_IF(ioctl, 1, SANDBOX_INT, FIONREAD),
	/* what a consumer has not read yet */
	SANDBOX_ALLOW_IF(ioctl, 1, SANDBOX_INT, SIOCOUTQ),
	/*
	 * Terminals of containers as they are made; the rest of it is their
	 * process's.  TIOCSTI and TIOCSETD are in neither.
	 */
	SANDBOX_ALLOW_IF(ioctl, 1, SANDBOX_INT, TIOCGPTN),
	SANDBOX_ALLOW_IF(ioctl, 1, SANDBOX_INT, TIOCSPTLCK),
	SANDBOX_ALLOW(epoll_create1),
	/* who opens one */
	SANDBOX_ALLOW(inotify_init1),
	SANDBOX_ALLOW(inotify_add_watch),
	/* sockets of consumers and of control; a reload makes and drops some */
	SANDBOX_ALLOW_IF(socket, 0, SANDBOX_INT, AF_UNIX),
	SANDBOX_ALLOW(listen),
	SANDBOX_ALLOW(accept4),
	SANDBOX_ALLOW(shutdown),
	SANDBOX_ALLOW(chmod),
	SANDBOX_ALLOW(fchmod),
	SANDBOX_ALLOW(fchmodat),
	SANDBOX_ALLOW(chown),
	SANDBOX_ALLOW(lchown),
	SANDBOX_ALLOW(fchown),
	SANDBOX_ALLOW(fchownat),
	SANDBOX_ALLOW(umask),
	SANDBOX_ALLOW(mkdir),
	SANDBOX_ALLOW(mkdirat),
	SANDBOX_ALLOW(rmdir),
	SANDBOX_ALLOW(unlinkat),
	SANDBOX_ALLOW(rename),
	SANDBOX_ALLOW(renameat),
	SANDBOX_ALLOW(flock),
	/* children: readers, the watcher, gpgv */
	SANDBOX_ALLOW(socketpair),
	SANDBOX_ALLOW(vfork),
	SANDBOX_ALLOW(execve),
	SANDBOX_ALLOW(wait4),
	SANDBOX_ALLOW(waitid),
	SANDBOX_ALLOW(kill),
	SANDBOX_ALLOW(pipe2),
	/* images and signatures, sealed, for gpgv */
	SANDBOX_ALLOW(memfd_create),
	SANDBOX_ALLOW(ftruncate),
	SANDBOX_ALLOW(pwrite64),
	SANDBOX_END,
};

/* From execve(2) to the filter of their own: these outlive this process. */
static const struct sandbox_rule children[] = {
	/* posix_spawn(3); gpgv copies what it was given by number */
	SANDBOX_ALLOW(dup),
	SANDBOX_ALLOW(dup2),
	SANDBOX_ALLOW(dup3),
	SANDBOX_ALLOW(close_range),
	SANDBOX_ALLOW(setpgid),
	/* the dynamic loader; it maps code, so the core cannot be denied it */
	SANDBOX_ALLOW(mmap),
	SANDBOX_ALLOW(mprotect),
	SANDBOX_ALLOW(arch_prctl),
	SANDBOX_ALLOW(set_tid_address),
	SANDBOX_ALLOW(prlimit64),
	SANDBOX_ALLOW(getrlimit),
	SANDBOX_ALLOW(setrlimit),
	SANDBOX_ALLOW(getrusage), /* gpgv's random pool */
	/* role_enter() and sandbox_enter() */
	SANDBOX_ALLOW(signalfd4),
	SANDBOX_ALLOW_IF(prctl, 0, SANDBOX_INT, PR_SET_DUMPABLE),
	SANDBOX_ALLOW_IF(prctl, 0, SANDBOX_INT, PR_SET_PDEATHSIG),
	SANDBOX_ALLOW_IF(prctl, 0, SANDBOX_INT, PR_SET_NO_NEW_PRIVS),
	SANDBOX_ALLOW_IF(prctl, 0, SANDBOX_INT, PR_SET_SECCOMP),
	SANDBOX_ALLOW_IF(prctl, 0, SANDBOX_INT, PR_GET_SECCOMP),
	SANDBOX_ALLOW_IF(prctl, 0, SANDBOX_INT, PR_CAPBSET_READ),
	SANDBOX_ALLOW(capget),
	SANDBOX_ALLOW(capset),
	SANDBOX_ALLOW(seccomp),
	SANDBOX_END,
};

/* The program that takes over begins behind this filter (restart.h). */
static const struct sandbox_rule successor[] = {
	SANDBOX_ALLOW(getpeername), /* is a peer that it was left still one? */
	SANDBOX_ALLOW(getgroups),   /* may it give sockets to their groups? */
	SANDBOX_END,
};

static const struct sandbox_rule *const lists[] = {
	sandbox_base,	 sandbox_stdio, core,	       children,
	successor,	 sandbox_usb,	sandbox_usbfs, sandbox_threads,
	sandbox_masters, NULL,
};

int sandbox_core(enum sandbox_mode mode)
{
	return sandbox_enter(mode, lists);
}

uint64_t sandbox_core_id(void)
{
	return sandbox_id(lists);
}
