#include "ctl/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

int library_load(const struct library *l, void *table, char *why, size_t size)
{
	void *library = dlopen(l->file, RTLD_NOW | RTLD_LOCAL), *call;
	size_t i;

	if (!library) {
		snprintf(why, size,
			 "%s cannot be loaded (%.200s): install its library "
			 "(package %s)",
			 l->name, dlerror(), l->package);
		return -EIO;
	}
	for (i = 0; i < l->count; i++) {
		call = dlsym(library, l->calls[i].name);
		if (!call) {
			snprintf(why, size, "%s has no %s: too old", l->file,
				 l->calls[i].name);
			return -EIO;
		}
		memcpy((char *)table + l->calls[i].offset, &call, sizeof(call));
	}
	return 0;
}
