#include "ctl/virt_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

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

void virt_be_quiet(void *ctx, virErrorPtr error)
{
	(void)ctx;
	(void)error;
}

void virt_explain(const char *what, const char *message,
		  char why[static VIRT_WHY_MAX])
{
	char text[300];

	snprintf(why, VIRT_WHY_MAX, "%s: %s", what,
		 log_escape(text, sizeof(text), message, strlen(message)));
}

const char *virt_uri(const char *uri)
{
	if (!uri)
		uri = getenv("LIBVIRT_DEFAULT_URI");
	return uri && *uri ? uri : URI;
}
