/*
 * virt_load.h - libvirt's library, when it is needed
 */
#ifndef CTL_VIRT_LOAD_H
#define CTL_VIRT_LOAD_H

#include <libvirt/virterror.h>

#include "ctl/library.h"
#include "ctl/virt.h"

/* Fills the table.  0, or -EIO with why. */
int virt_load(const struct library_call *calls, size_t count, void *table,
	      char why[static VIRT_WHY_MAX]);

/*
 * For virSetErrorFunc(): libvirt prints to standard error unless it is given
 * something else to do.
 */
void virt_be_quiet(void *ctx, virErrorPtr error);

/* "WHAT: MESSAGE", which is libvirt's last one. */
void virt_explain(const char *what, const char *message,
		  char why[static VIRT_WHY_MAX]);

/* That, or $LIBVIRT_DEFAULT_URI, or qemu:///system. */
const char *virt_uri(const char *uri);

#endif /* CTL_VIRT_LOAD_H */
