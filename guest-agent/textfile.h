/*
 * textfile.h - small text files of /proc, /sys and /run
 */
#ifndef GUEST_TEXTFILE_H
#define GUEST_TEXTFILE_H

#include <stddef.h>

/*
 * Reads at most size - 1 bytes of path and ends them with a NUL; what is
 * behind is left.  Bytes read (NULs among them are kept), or -errno.
 */
int textfile_read(const char *path, char *out, size_t size);

/* Cuts out at its first newline. */
void textfile_first_line(char *out);

#endif /* GUEST_TEXTFILE_H */
