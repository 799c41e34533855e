#include "host-agent/lockdown.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/caps.h"
#include "common/log.h"
#include "host-agent/sandbox_roles.h"

#define GROUPS_MAX 256 /* more are not added to */

#define LOCKDOWN_ENV "ONERNG_SANDBOX" /* MODE:ID */

typedef int enter_fn(enum sandbox_mode mode);

static int give_up_caps(const char *role)
{
	int r = caps_limit(CAPS_NONE);

	if (r < 0)
		log_err("%s: cannot give up capabilities: %s", role,
			strerror(-r));
	return r;
}

static int enter_filter(const char *role, enum sandbox_mode mode,
			enter_fn *enter)
{
	int r = enter(mode);

	if (r < 0)
		log_err("%s: cannot filter system calls: %s: see whether the "
			"kernel has seccomp filters and the service manager "
			"allows seccomp(2), or set sandbox=off",
			role, strerror(-r));
	return r;
}

static int lockdown(const char *role, enum sandbox_mode mode, enter_fn *enter)
{
	int r = give_up_caps(role);

	return r < 0 ? r : enter_filter(role, mode, enter);
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
	struct rlimit most;
	uint64_t left;

	if (caps_left(&left) < 0 || !(left >> CAP_IPC_LOCK & 1) ||
	    setrlimit(RLIMIT_MEMLOCK, &none) == 0)
		return;
	/* root of a container may not raise it: up to what it was left */
	if (getrlimit(RLIMIT_MEMLOCK, &most) == 0) {
		most.rlim_cur = most.rlim_max;
		(void)setrlimit(RLIMIT_MEMLOCK, &most);
	}
}

/* Behind which of ours it runs already; *id is of its lists. */
static enum sandbox_mode inherited(uint64_t *id)
{
	const char *said = getenv(LOCKDOWN_ENV);
	char name[8], end;
	int mode;

	if (!said ||
	    sscanf(said, "%7[a-z]:%" SCNx64 "%c", name, id, &end) != 2 ||
	    prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != SECCOMP_MODE_FILTER)
		return SANDBOX_OFF;
	mode = sandbox_mode_parse(name);
	return mode < 0 ? SANDBOX_OFF : (enum sandbox_mode)mode;
}

/* True of whatever it starts or becomes, for ever. */
static int tell_heirs(enum sandbox_mode mode)
{
	char text[32];

	if (mode == SANDBOX_OFF)
		return 0;
	snprintf(text, sizeof(text), "%s:%" PRIx64, sandbox_mode_name(mode),
		 sandbox_core_id());
	return setenv(LOCKDOWN_ENV, text, 1) < 0 ? -errno : 0;
}

static int verify_caps(const char *role)
{
	uint64_t left = 0;
	int r = caps_left(&left);

	if (r == 0 && !left)
		return 0;
	log_err("%s: capabilities %#" PRIx64 " are left: none should be", role,
		left);
	return r < 0 ? r : -EPERM;
}

static int verify_filter(const char *role, enum sandbox_mode mode)
{
	int r = sandbox_effective(mode);

	if (r < 0)
		log_err("%s: the filter of system calls has no effect: see "
			"whether something emulates this kernel, or set "
			"sandbox=off",
			role);
	return r;
}

/* Nothing to give up was left to it; a filter it adds only where it has to. */
static int lockdown_heir(enum sandbox_mode *mode, enum sandbox_mode left,
			 uint64_t id)
{
	enum sandbox_mode wanted = *mode;

	*mode = wanted > left ? wanted : left;
	if (wanted < left)
		log_warn("sandbox=%s: the filter of the process before stays: "
			 "%s: stop and start it to change that",
			 sandbox_mode_name(wanted), sandbox_mode_name(left));
	if (wanted <= left && id == sandbox_core_id())
		return 0;
	return lockdown("core", *mode, sandbox_core);
}

int lockdown_core(enum sandbox_mode *mode, const gid_t *groups, size_t count)
{
	uint64_t id;
	enum sandbox_mode left = inherited(&id);
	int r;

	if (left != SANDBOX_OFF) {
		r = lockdown_heir(mode, left, id);
	} else {
		join_groups(groups, count);
		keep_locking();
		r = lockdown("core", *mode, sandbox_core);
	}
	if (r == 0)
		r = verify_caps("core");
	if (r == 0)
		r = verify_filter("core", *mode);
	return r < 0 ? r : tell_heirs(*mode);
}

int lockdown_rehearse(void)
{
	uint64_t id;

	if (inherited(&id) == SANDBOX_OFF || id == sandbox_core_id())
		return 0;
	log_err("it needs other system calls than the filter allows that the "
		"process before leaves to it: stop that one and start this");
	return -EPERM;
}

/*
 * Its filter may know no capget(2), so that is asked before.  One that kills can
 * be tried by a child only, which a role may not have: the core has tried that
 * on this kernel.
 */
static int lockdown_role(const char *role, enum sandbox_mode mode,
			 enter_fn *enter)
{
	int r = give_up_caps(role);

	if (r == 0)
		r = verify_caps(role);
	if (r == 0)
		r = enter_filter(role, mode, enter);
	if (r == 0 && mode == SANDBOX_ERRNO)
		r = verify_filter(role, mode);
	return r;
}

int lockdown_reader(enum sandbox_mode mode)
{
	return lockdown_role("reader", mode, sandbox_reader);
}

int lockdown_watcher(enum sandbox_mode mode)
{
	return lockdown_role("watcher", mode, sandbox_watcher);
}

int lockdown_hwrng(enum sandbox_mode mode)
{
	return lockdown_role("hwrng-reader", mode, sandbox_hwrng);
}

int lockdown_terminal(enum sandbox_mode mode)
{
	return lockdown_role("terminal", mode, sandbox_terminal);
}
