#include <asm/termbits.h>
#include <stddef.h>
#include <sys/ioctl.h>

#include "host-agent/sandbox_roles.h"

const struct sandbox_rule sandbox_masters[] = {
	/* of masters; TCGETS is what stdio asks, too */
	SANDBOX_ALLOW_IF(ioctl, 1, SANDBOX_INT, TCGETS),
	SANDBOX_ALLOW_IF(ioctl, 1, SANDBOX_INT, TCSETS),
#ifdef TCSETS2 /* glibc 2.42 */
	SANDBOX_ALLOW_IF(ioctl, 1, SANDBOX_INT, TCGETS2),
	SANDBOX_ALLOW_IF(ioctl, 1, SANDBOX_INT, TCSETS2),
#endif
	/* a slave, to discard what is unread there */
	SANDBOX_ALLOW_IF(ioctl, 1, SANDBOX_INT, TIOCGPTPEER),
	SANDBOX_ALLOW_IF(ioctl, 1, SANDBOX_INT, TCFLSH),
	SANDBOX_END,
};

/* It opens nothing by name: what it works on it is given. */
int sandbox_terminal(enum sandbox_mode mode)
{
	const struct sandbox_rule *const lists[] = {
		sandbox_base, sandbox_no_code, sandbox_threads, sandbox_masters,
		NULL,
	};

	return sandbox_enter(mode, lists);
}
