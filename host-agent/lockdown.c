#include "host-agent/lockdown.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/caps.h"
#include "common/log.h"
#include "host-agent/sandbox_roles.h"

#define GROUPS_MAX 256 /* more are not added to */

typedef int enter_fn(enum sandbox_mode mode);

static int lockdown(const char *role, enum sandbox_mode mode, enter_fn *enter)
{
	int r = caps_limit(CAPS_NONE);

	if (r < 0) {
		log_err("%s: cannot give up capabilities: %s", role,
			strerror(-r));
		return r;
	}
	r = enter(mode);
	if (r < 0)
		log_err("%s: cannot filter system calls: %s: see whether the "
			"kernel has seccomp filters and the service manager "
			"allows seccomp(2), or set sandbox=off",
			role, strerror(-r));
	return r;
}

/*
 * An owner without CAP_CHOWN gives files to groups he is in.  Who has no right
 * to join them is in them already, or is told when the first socket is made.
 */
static void join_groups(const gid_t *groups, size_t count)
{
	gid_t all[GROUPS_MAX];
	int n = getgroups(GROUPS_MAX, all);

	for (size_t i = 0; i < count && n >= 0 && n < GROUPS_MAX; i++)
		if (groups[i] != (gid_t)-1)
			all[n++] = groups[i];
	if (n > 0)
		(void)setgroups((size_t)n, all);
}

/* CAP_IPC_LOCK knew no limit, and devices to come need locked memory. */
static void keep_locking(void)
{
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	uint64_t left;

	if (caps_left(&left) == 0 && left >> CAP_IPC_LOCK & 1)
		(void)setrlimit(RLIMIT_MEMLOCK, &none);
}

static int verify(enum sandbox_mode mode)
{
	uint64_t left = 0;
	int r = caps_left(&left);

	if (r < 0 || left) {
		log_err("capabilities %#" PRIx64 " are left: none should be",
			left);
		return r < 0 ? r : -EPERM;
	}
	r = sandbox_effective(mode);
	if (r < 0)
		log_err("the filter of system calls has no effect: see whether "
			"something emulates this kernel, or set sandbox=off");
	return r;
}

int lockdown_core(enum sandbox_mode mode, const gid_t *groups, size_t count)
{
	int r;

	join_groups(groups, count);
	keep_locking();
	r = lockdown("core", mode, sandbox_core);
	return r < 0 ? r : verify(mode);
}

int lockdown_reader(enum sandbox_mode mode)
{
	return lockdown("reader", mode, sandbox_reader);
}

int lockdown_watcher(enum sandbox_mode mode)
{
	return lockdown("watcher", mode, sandbox_watcher);
}
