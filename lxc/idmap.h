/*
 * idmap.h - ids of a container as the host has them
 *
 * libc only: LXC's hook uses it.
 */
#ifndef LXC_IDMAP_H
#define LXC_IDMAP_H

#include <stdint.h>
#include <sys/types.h>

/*
 * text is as /proc/PID/uid_map has it: "inside outside count", a line each.
 * 0; -ENOENT: the id is not mapped; -EINVAL: malformed.
 */
int lxc_idmap_find(const char *text, uint32_t inside, uint32_t *outside);

/* Owner and group as the process's namespace has them.  0 or -errno. */
int lxc_idmap_read(pid_t pid, uint32_t owner, uint32_t group, uid_t *uid,
		   gid_t *gid);

#endif /* LXC_IDMAP_H */
