#include "common/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const mode_names[] = {
	[SANDBOX_OFF] = "off",
	[SANDBOX_ERRNO] = "errno",
	[SANDBOX_KILL] = "kill",
};

#define MODES ((int)(sizeof(mode_names) / sizeof(mode_names[0])))

int sandbox_mode_parse(const char *name)
{
	for (int i = 0; i < MODES; i++)
		if (!strcmp(name, mode_names[i]))
			return i;
	return -EINVAL;
}

const char *sandbox_mode_name(enum sandbox_mode mode)
{
	return mode_names[mode];
}

static int add_rule(scmp_filter_ctx ctx, const struct sandbox_rule *rule)
{
	struct scmp_arg_cmp arg = {
		.arg = rule->arg,
		.op = SCMP_CMP_MASKED_EQ,
		.datum_a = rule->mask,
		.datum_b = rule->value,
	};
	int r;

	r = seccomp_rule_add_array(
		ctx, rule->error ? SCMP_ACT_ERRNO(rule->error) : SCMP_ACT_ALLOW,
		rule->call, rule->mask != 0, &arg);
	/* two lists may name the same call */
	return r == -EEXIST ? 0 : r;
}

static int add_lists(scmp_filter_ctx ctx,
		     const struct sandbox_rule *const *lists)
{
	for (; *lists; lists++) {
		for (const struct sandbox_rule *r = *lists; !r->last; r++) {
			int err = add_rule(ctx, r);

			if (err)
				return err == -ENOMEM ? err : -EINVAL;
		}
	}
	return 0;
}

static int load(scmp_filter_ctx ctx, enum sandbox_mode mode)
{
	int r;

	/* Linux before 4.14 cannot log; the filter is what matters */
	if (mode == SANDBOX_ERRNO)
		(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_LOG, 1);
	/* numbers of another architecture are no mistake but an attack */
	r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
			     SCMP_ACT_KILL_PROCESS);
	if (!r)
		r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	if (!r)
		r = seccomp_load(ctx);
	if (!r)
		return 0;
	return r == -ENOMEM ? r : -EINVAL;
}

int sandbox_enter(enum sandbox_mode mode,
		  const struct sandbox_rule *const *lists)
{
	scmp_filter_ctx ctx;
	int r;

	if (mode == SANDBOX_OFF)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -EINVAL;
	ctx = seccomp_init(mode == SANDBOX_KILL ? SCMP_ACT_KILL_PROCESS
						: SCMP_ACT_ERRNO(EPERM));
	/* it does not say why; a kernel that cannot is what is seen */
	if (!ctx)
		return -EINVAL;
	r = add_lists(ctx, lists);
	if (!r)
		r = load(ctx, mode);
	seccomp_release(ctx);
	return r;
}

/* FNV-1a: it tells versions apart and proves nothing. */
static uint64_t mix(uint64_t id, uint64_t value)
{
	for (int i = 0; i < 8; i++, value >>= 8)
		id = (id ^ (value & 0xff)) * 0x100000001b3;
	return id;
}

uint64_t sandbox_id(const struct sandbox_rule *const *lists)
{
	uint64_t id = 0xcbf29ce484222325;

	for (; *lists; lists++)
		for (const struct sandbox_rule *r = *lists; !r->last; r++) {
			id = mix(id, (uint64_t)r->call);
			id = mix(id, r->arg);
			id = mix(id, r->mask);
			id = mix(id, r->value);
			id = mix(id, (uint64_t)r->error);
		}
	return id;
}

/* A child that is not killed ends in a way that cannot be taken for it. */
static int dies_of_it(void)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		syscall(SYS_getsid, 0);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS ? 0 : -EPERM;
}

int sandbox_effective(enum sandbox_mode mode)
{
	switch (mode) {
	case SANDBOX_OFF:
		return 0;
	case SANDBOX_ERRNO:
		break;
	case SANDBOX_KILL:
		return dies_of_it();
	}
	/* the calling process never lacks a session */
	return syscall(SYS_getsid, 0) < 0 && errno == EPERM ? 0 : -EPERM;
}
