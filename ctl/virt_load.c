#include "ctl/virt_load.h"

#include <stdlib.h>

#define URI "qemu:///system"

/* The library stays loaded: it has threads of its own. */
int virt_load(const struct library_call *calls, size_t count, void *table,
	      char why[static VIRT_WHY_MAX])
{
	const struct library library = { .file = "libvirt.so.0",
					 .name = "libvirt",
					 .package = "libvirt0",
					 .calls = calls,
					 .count = count };

	return library_load(&library, table, why, VIRT_WHY_MAX);
}

const char *virt_uri(const char *uri)
{
	if (!uri)
		uri = getenv("LIBVIRT_DEFAULT_URI");
	return uri && *uri ? uri : URI;
}
