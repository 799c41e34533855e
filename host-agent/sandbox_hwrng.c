#include <stddef.h>

#include "host-agent/sandbox_roles.h"

static const struct sandbox_rule hwrng[] = {
	/* the node, and rng_current in sysfs */
	SANDBOX_ALLOW(openat),
	SANDBOX_ALLOW(newfstatat),
	SANDBOX_ALLOW(fstat),
	SANDBOX_ALLOW(statx),
	SANDBOX_ALLOW(pread64),
	/* a simulated /dev looks whether the path is in it */
	SANDBOX_ALLOW(access),
	SANDBOX_ALLOW(faccessat),
	SANDBOX_ALLOW(faccessat2),
	SANDBOX_ALLOW(readlink),
	SANDBOX_ALLOW(readlinkat),
	/* the thread that waits for the kernel's RNG */
	SANDBOX_ALLOW(eventfd2),
	SANDBOX_END,
};

int sandbox_hwrng(enum sandbox_mode mode)
{
	const struct sandbox_rule *const lists[] = {
		sandbox_base,	 sandbox_stdio, sandbox_no_code,
		sandbox_threads, hwrng,		NULL,
	};

	return sandbox_enter(mode, lists);
}
