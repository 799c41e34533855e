/*
 * sealed.h - bytes handed to another process that nobody can change any more
 *
 * A memfd that is written once and then sealed: who gets the descriptor may
 * check it, use it, and rely on it staying what was checked.
 */
#ifndef COMMON_SEALED_H
#define COMMON_SEALED_H

#include <stddef.h>
#include <stdint.h>

/* A descriptor, close-on-exec, at offset 0; or -errno.  name is for /proc. */
int sealed_make(const char *name, const void *data, size_t len);

/*
 * Maps what another process sealed, for reading.  0, -EPERM (not sealed),
 * -EMSGSIZE (not len bytes) or -errno.  The descriptor may be closed after.
 */
int sealed_map(int fd, size_t len, const uint8_t **map);
void sealed_unmap(const uint8_t *map, size_t len);

#endif /* COMMON_SEALED_H */
