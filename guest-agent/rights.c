#include "guest-agent/rights.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "common/caps.h"
#include "common/log.h"
#include "common/notify.h"
#include "common/secmem.h"
#include "guest-agent/agent.h"
#include "guest-agent/container.h"

/* The source may belong to another user and has to be opened again. */
#define RIGHTS_KEPT (1ull << CAP_DAC_OVERRIDE)

static void set_right(char right[STATUS_RIGHT_MAX], const char *word)
{
	snprintf(right, STATUS_RIGHT_MAX, "%s", word);
}

/* The reason in log, status and service manager; returns err. */
static int __attribute__((format(printf, 4, 5)))
refuse(struct agent *a, int err, enum agent_exit status, const char *fmt, ...)
{
	char text[sizeof(a->st.detail) + 16];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->st.detail, sizeof(a->st.detail), fmt, ap);
	va_end(ap);
	log_err("%s%s%s", a->opt->require_s ? "not admitted: " : "",
		status == AGENT_NO_RIGHTS ? "no rights: " : "", a->st.detail);
	snprintf(text, sizeof(text), "STATUS=%s", a->st.detail);
	if (!a->opt->once && !a->opt->require_s)
		notify_send(text);
	agent_end(a, status);
	return err;
}

static int lack(struct agent *a, int err, const char *what, const char *advice)
{
	return refuse(a, err, AGENT_NO_RIGHTS, "%s: %s: %s", what,
		      strerror(-err), advice);
}

int rights_no_memory(struct agent *a, int err)
{
	return lack(a, err, "memory for entropy cannot be locked",
		    "raise the limit of locked memory (LimitMEMLOCK=, ulimit "
		    "-l)");
}

/*
 * The three ways to be refused: a capability that is lacking, one that counts
 * in a user namespace alone, and one that somebody else overrules.
 */
static int not_permitted(struct agent *a, int err, bool has_it)
{
	const char *advice;

	if (err != -EPERM)
		advice =
			"a security module, or no Linux? see the kernel's log, "
			"or use --no-feed";
	else if (container_foreign_userns(""))
		advice =
			"it needs CAP_SYS_ADMIN in the initial user namespace, "
			"not in this one: start it outside (PrivateUsers=no), "
			"or use --no-feed";
	else if (has_it)
		advice = "it has CAP_SYS_ADMIN: a security module or the "
			 "service's SystemCallFilter= forbids it; or use "
			 "--no-feed";
	else
		advice = "it needs CAP_SYS_ADMIN: start it as root, leave it "
			 "that (CapabilityBoundingSet=), or use --no-feed";
	set_right(a->st.right_feed, STATUS_RIGHT_REFUSED);
	return lack(a, err, "feeder: may not feed", advice);
}

static bool has_sys_admin(void)
{
	uint64_t left;

	return !caps_left(&left) && left >> CAP_SYS_ADMIN & 1;
}

static int no_filter(struct agent *a, int err, const char *what,
		     const char *advice)
{
	set_right(a->st.right_sandbox, STATUS_RIGHT_REFUSED);
	return lack(a, err, what, advice);
}

static int feeder_unfit(struct agent *a, int err)
{
	switch (a->feeder.stage) {
	case FEEDER_MEMORY:
		return rights_no_memory(a, err);
	case FEEDER_RNG:
		return lack(a, err, "feeder: /dev/random",
			    "let it be opened (DeviceAllow=), or use "
			    "--no-feed");
	case FEEDER_CAPS:
		set_right(a->st.right_rest, STATUS_RIGHT_KEPT);
		return lack(a, err, "feeder: capabilities cannot be given up",
			    "see whether the service manager allows capset(2)");
	case FEEDER_FILTER:
		return no_filter(a, err,
				 "feeder: system calls cannot be filtered",
				 "see whether the kernel has seccomp filters "
				 "and prctl(2) is allowed, or use --sandbox "
				 "off");
	case FEEDER_EFFECT:
		return no_filter(a, err,
				 "feeder: its filter of system calls has no "
				 "effect",
				 "does something emulate this kernel? else use "
				 "--sandbox off");
	case FEEDER_PERMISSION:
		return not_permitted(a, err, has_sys_admin());
	case FEEDER_PROCESS:
	case FEEDER_READY:
		break;
	}
	return refuse(a, err, AGENT_FAILED, "feeder: cannot start: %s%s",
		      strerror(-err),
		      err == -EPIPE ? ": it died: see the kernel's log" : "");
}

int rights_start_feeder(struct agent *a)
{
	const char *on = a->opt->sandbox ? STATUS_RIGHT_ON : STATUS_RIGHT_OFF;
	int r;

	set_right(a->st.right_feed, STATUS_RIGHT_UNKNOWN);
	set_right(a->st.right_sandbox, STATUS_RIGHT_UNKNOWN);
	r = feeder_start(&a->feeder, a->opt->sandbox);
	if (a->feeder.stage >= FEEDER_PERMISSION)
		set_right(a->st.right_sandbox, on);
	if (r)
		return feeder_unfit(a, r);
	set_right(a->st.right_feed, STATUS_RIGHT_PERMITTED);
	if (!a->opt->sandbox)
		log_warn("feeder: runs without a filter of system calls, as "
			 "--sandbox off says");
	return 0;
}

int rights_feed_refused(struct agent *a, int err)
{
	if (err != -EPERM && err != -EACCES)
		return refuse(a, err, AGENT_FAILED, "feeder: RNDADDENTROPY: %s",
			      strerror(-err));
	/* It had the capability when it started, and cannot have lost it. */
	return not_permitted(a, err, true);
}

static bool can_be_dumped(void)
{
	struct rlimit core;

	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	       getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_cur ||
	       core.rlim_max;
}

int rights_forbid_dumps(struct agent *a)
{
	int r = secmem_no_dump();

	set_right(a->st.right_feed, STATUS_RIGHT_UNWANTED);
	set_right(a->st.right_sandbox, STATUS_RIGHT_UNWANTED);
	set_right(a->st.right_rest, STATUS_RIGHT_UNKNOWN);
	if (!r && can_be_dumped())
		r = -EOPNOTSUPP;
	return r ? lack(a, r, "core dumps cannot be switched off",
			"does something emulate this kernel?")
		 : 0;
}

int rights_give_up(struct agent *a)
{
	int r = caps_limit_proven(RIGHTS_KEPT);

	set_right(a->st.right_rest, STATUS_RIGHT_KEPT);
	if (r)
		return lack(a, r, "capabilities cannot be given up",
			    "see whether the service manager allows capset(2)");
	/* Less than what it had: the kernel leaves the flag alone. */
	if (can_be_dumped() || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return lack(a, -EOPNOTSUPP, "what was given up is still there",
			    "does something emulate this kernel?");
	set_right(a->st.right_rest, STATUS_RIGHT_GIVEN_UP);
	return 0;
}
