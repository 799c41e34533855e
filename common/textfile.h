/*
 * textfile.h - small files, read and written whole: of /proc, /sys, /run, /etc
 *
 * libc alone, so that whatever runs among strangers may have it, too.
 */
#ifndef COMMON_TEXTFILE_H
#define COMMON_TEXTFILE_H

#include <stddef.h>
#include <sys/types.h>

/* Until the end, or until out is full.  Bytes read, or -errno. */
ssize_t textfile_fill(int fd, void *out, size_t size);

/* All of it, over short writes and signals.  0 or -errno. */
int textfile_put(int fd, const void *data, size_t len);

/*
 * Reads at most size - 1 bytes of path and ends them with a NUL; what is
 * behind is left.  Bytes read (NULs among them are kept), or -errno.
 */
int textfile_read(const char *path, char *out, size_t size);

/* The same, of /proc/PID/file. */
int textfile_read_proc(pid_t pid, const char *file, char *out, size_t size);

/* Cuts out at its first newline. */
void textfile_first_line(char *out);

#endif /* COMMON_TEXTFILE_H */
