/*
 * statefile.h - what one process leaves to the next in a file
 */
#ifndef HOST_AGENT_STATEFILE_H
#define HOST_AGENT_STATEFILE_H

#include <stddef.h>

#include <jansson.h>

/* By way of the file new, which becomes path; NULL removes it.  0 or -errno. */
int statefile_write(const char *path, const char *new, const json_t *o);

/*
 * A new reference.  NULL: there is none, or (logged) none of at most max bytes
 * that others cannot write, or no JSON.
 */
json_t *statefile_read(const char *path, size_t max);

#endif /* HOST_AGENT_STATEFILE_H */
