#include "ctl/virt_load.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIBRARY "libvirt.so.0"
#define URI	"qemu:///system"

/* The library stays loaded: it has threads of its own. */
int virt_load(const struct virt_call *calls, size_t count, void *table,
	      char why[static VIRT_WHY_MAX])
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL), *call;
	size_t i;

	if (!library) {
		snprintf(why, VIRT_WHY_MAX,
			 "libvirt cannot be loaded (%.200s): install its "
			 "library (package libvirt0)",
			 dlerror());
		return -EIO;
	}
	for (i = 0; i < count; i++) {
		call = dlsym(library, calls[i].name);
		if (!call) {
			snprintf(why, VIRT_WHY_MAX, "%s has no %s: too old",
				 LIBRARY, calls[i].name);
			return -EIO;
		}
		memcpy((char *)table + calls[i].offset, &call, sizeof(call));
	}
	return 0;
}

const char *virt_uri(const char *uri)
{
	if (!uri)
		uri = getenv("LIBVIRT_DEFAULT_URI");
	return uri && *uri ? uri : URI;
}
