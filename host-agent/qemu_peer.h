/*
 * qemu_peer.h - is a process the QEMU of a domain?
 *
 * By its command line (libvirt gives each QEMU "-uuid UUID"), and by the control
 * group that libvirt put it into.  A QEMU that was taken over can change what
 * its command line says, but not its group.
 */
#ifndef HOST_AGENT_QEMU_PEER_H
#define HOST_AGENT_QEMU_PEER_H

#include <stddef.h>
#include <sys/types.h>

#define QEMU_PEER_CMDLINE_MAX 1048576 /* bytes that are looked at */

enum qemu_peer {
	QEMU_PEER_OWN,
	QEMU_PEER_OTHER,   /* another domain's */
	QEMU_PEER_UNNAMED, /* it does not say */
	QEMU_PEER_HIDDEN,  /* cannot be looked at: hidepid, another namespace */
};

/* What is done with a peer that is not the domain's QEMU. */
enum qemu_peer_check {
	QEMU_PEER_CHECK_YES,
	QEMU_PEER_CHECK_WARN,
	QEMU_PEER_CHECK_NO,
};

/* "yes", "warn" or "no"; else -EINVAL. */
int qemu_peer_check_parse(const char *name);

/* uuid in lower case; name is libvirt's, or "". */
enum qemu_peer qemu_peer_of(pid_t pid, const char *uuid, const char *name);

/* By the words of a command line, each ended by a zero byte. */
enum qemu_peer qemu_peer_by_cmdline(const char *words, size_t len,
				    const char *uuid);

/* By the text of /proc/PID/cgroup; never _HIDDEN. */
enum qemu_peer qemu_peer_by_cgroup(const char *text, const char *name);

#endif /* HOST_AGENT_QEMU_PEER_H */
