/*
 * replace.h - a small text file, replaced whole or not at all
 *
 * What somebody else wrote meanwhile is noticed, not overwritten.
 */
#ifndef COMMON_REPLACE_H
#define COMMON_REPLACE_H

#include <sys/types.h>

#define REPLACE_MAX 1048576 /* bytes */

/*
 * Its text, terminated, to be freed.  NULL with errno: EFBIG, EILSEQ (it has a
 * NUL, and is no text), EINVAL (no regular file), or what open() had.
 */
char *replace_read(const char *path);

/*
 * Makes path say after: written beside it, synced, renamed.  What was there
 * keeps its owner, group and mode; a new file gets mode, whatever the umask.
 * before: what has to be there still, else -EAGAIN; NULL: whatever it is, or
 * nothing.  0 or -errno, and then path is as it was.
 */
int replace_file(const char *path, const char *before, const char *after,
		 mode_t mode);

#endif /* COMMON_REPLACE_H */
