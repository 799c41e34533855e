#include <stddef.h>

#include "host-agent/sandbox_roles.h"

static const struct sandbox_rule reader[] = {
	/* the device's image, sealed (sealed.h), for the core to verify */
	SANDBOX_ALLOW(memfd_create),
	SANDBOX_ALLOW(pwrite64),
	SANDBOX_END,
};

int sandbox_reader(enum sandbox_mode mode)
{
	const struct sandbox_rule *const lists[] = {
		sandbox_base,  sandbox_stdio,	sandbox_no_code, sandbox_usb,
		sandbox_usbfs, sandbox_threads, reader,		 NULL,
	};

	return sandbox_enter(mode, lists);
}
