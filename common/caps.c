#include "common/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WORDS _LINUX_CAPABILITY_U32S_3

static int get(struct __user_cap_data_struct *words)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};

	return syscall(SYS_capget, &head, words) < 0 ? -errno : 0;
}

static int set(const struct __user_cap_data_struct *words)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};

	return syscall(SYS_capset, &head, words) < 0 ? -errno : 0;
}

int caps_limit(uint64_t keep)
{
	struct __user_cap_data_struct words[WORDS];
	int r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	r = get(words);
	if (r)
		return r;
	for (int i = 0; i < WORDS; i++) {
		words[i].permitted &= (uint32_t)(keep >> 32 * i);
		words[i].effective &= words[i].permitted;
		words[i].inheritable = 0;
	}
	/* none is ambient that is not inheritable: capabilities(7) */
	return set(words);
}

int caps_limit_proven(uint64_t keep)
{
	uint64_t left;
	int r = caps_limit(keep);

	if (!r)
		r = caps_left(&left);
	return r ? r : left & ~keep ? -EPERM : 0;
}

int caps_left(uint64_t *left)
{
	struct __user_cap_data_struct words[WORDS];
	int r = get(words);

	if (r)
		return r;
	*left = 0;
	for (int i = 0; i < WORDS; i++)
		*left |= (uint64_t)(words[i].permitted | words[i].effective |
				    words[i].inheritable)
			 << 32 * i;
	return 0;
}
