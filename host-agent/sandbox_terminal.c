#include <asm/termbits.h>
#include <stddef.h>
#include <sys/ioctl.h>

#include "host-agent/sandbox_roles.h"

static const struct sandbox_rule terminal[] = {
	/* of masters; TCGETS is what stdio asks, too */
	SANDBOX_ALLOW_IF(ioctl, 1, SANDBOX_INT, TCGETS),
	SANDBOX_ALLOW_IF(ioctl, 1, SANDBOX_INT, TCSETS),
	/* the same for glibc 2.42 */
	SANDBOX_ALLOW_IF(ioctl, 1, SANDBOX_INT, TCGETS2),
	SANDBOX_ALLOW_IF(ioctl, 1, SANDBOX_INT, TCSETS2),
	SANDBOX_END,
};

/* It opens nothing: what it works on it is given. */
int sandbox_terminal(enum sandbox_mode mode)
{
	const struct sandbox_rule *const lists[] = {
		sandbox_base, sandbox_no_code, sandbox_threads, terminal, NULL,
	};

	return sandbox_enter(mode, lists);
}
