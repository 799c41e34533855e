#include <stddef.h>

#include "host-agent/sandbox_roles.h"

/* It looks for devices and opens none. */
int sandbox_watcher(enum sandbox_mode mode)
{
	const struct sandbox_rule *const lists[] = {
		sandbox_base, sandbox_stdio,   sandbox_no_code,
		sandbox_usb,  sandbox_threads, NULL,
	};

	return sandbox_enter(mode, lists);
}
