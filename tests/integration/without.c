/*
 * without.c - runs a command where a protection cannot be had, or only seems so
 *
 * without filter COMMAND [ARG...]         seccomp(2) and its prctl(2) fail
 * without filter-effect COMMAND [ARG...]  they say 0 and install nothing
 * without caps-effect COMMAND [ARG...]    capset(2) says 0 and changes nothing
 * without nothing COMMAND [ARG...]        behind a filter that allows all
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <seccomp.h>

/* A call without a filter only asks what the kernel knows. */
static int deny_filters(scmp_filter_ctx ctx, unsigned int err)
{
	const uint32_t act = SCMP_ACT_ERRNO(err);
	int r = seccomp_rule_add(ctx, act, SCMP_SYS(seccomp), 1,
				 SCMP_A2(SCMP_CMP_NE, 0, 0));

	return r ? r
		 : seccomp_rule_add(ctx, act, SCMP_SYS(prctl), 1,
				    SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP, 0));
}

static int deny(scmp_filter_ctx ctx, const char *what)
{
	if (!strcmp(what, "filter"))
		return deny_filters(ctx, EPERM);
	if (!strcmp(what, "filter-effect"))
		return deny_filters(ctx, 0);
	if (!strcmp(what, "caps-effect"))
		return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(0),
					SCMP_SYS(capset), 0);
	/* a filter without a rule is none */
	return strcmp(what, "nothing")
		       ? -EINVAL
		       : seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM),
					  SCMP_SYS(reboot), 0);
}

int main(int argc, char *argv[])
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	if (argc < 3 || !ctx || deny(ctx, argv[1]) || seccomp_load(ctx)) {
		fprintf(stderr, "without: cannot\n");
		return 125;
	}
	seccomp_release(ctx);
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
