#include <stddef.h>

#include "host-agent/sandbox_roles.h"

int sandbox_reader(enum sandbox_mode mode)
{
	const struct sandbox_rule *const lists[] = {
		sandbox_base, sandbox_no_code, sandbox_usb, sandbox_usbfs, NULL,
	};

	return sandbox_enter(mode, lists);
}
