/*
 * libdir.h - where this program's own installation has its hooks
 */
#ifndef CTL_LIBDIR_H
#define CTL_LIBDIR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * PREFIX/lib/onerng beside the PREFIX/bin that this program runs from: it may
 * be installed to another PREFIX than it was built for.  Where LXC's hook is
 * not there: as built.
 */
void libdir_find(char *out, size_t size);

/* Is LXC's hook there? */
bool libdir_has_hook(const char *dir);

#endif /* CTL_LIBDIR_H */
