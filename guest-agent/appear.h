/*
 * appear.h - notices that a source's device or socket appears
 *
 * A watch on the folder of a path (inotify), kept while the agent waits for a
 * source that failed.  It is a hint to try again and nothing else: a mount on
 * the path, a driver behind it, a server that listens give no event.
 */
#ifndef GUEST_APPEAR_H
#define GUEST_APPEAR_H

#include <stdbool.h>

/*
 * A descriptor that is readable once something happened in the folder of that
 * absolute path, or -errno: there is no such folder, or no inotify.
 */
int appear_watch(const char *path);

/* Reads what happened: was it to that name?  True also if the watch ended. */
bool appear_happened(int fd, const char *path);

#endif /* GUEST_APPEAR_H */
