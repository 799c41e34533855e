/*
 * resolve.h - where a path leads, if nobody else could lay it
 *
 * Root writes below folders of others: a container's configuration may be in a
 * user's home.  Links are followed only where nobody but root, or who runs
 * this, can have put them.  Behind the first folder of somebody else's no link
 * and no ".." is followed, and only a file is opened that belongs there.
 */
#ifndef COMMON_RESOLVE_H
#define COMMON_RESOLVE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

struct resolved {
	int folder;		 /* O_PATH; -1: none */
	char name[NAME_MAX + 1]; /* in it, no link; "." if path ends in one */
	bool strange;		 /* others can change what is in the folder */
	bool shared;		 /* others can add to it: /tmp */
	uid_t owner;		 /* of the folder */
};

/*
 * 0 or -errno; the name need not be there.  -ELOOP: a link, or "..", that is
 * not followed, or too many.  resolve_end() also after a failure.
 */
int resolve_path(struct resolved *r, const char *path);
void resolve_end(struct resolved *r);

/*
 * Opens the file to be read, if it is a regular one: -EISDIR and -EINVAL if
 * not, -EXDEV if it may be of elsewhere (by its owner, or as a hard link).  A
 * descriptor, with its *st; or -errno.
 */
int resolve_open(const struct resolved *r, struct stat *st);

/* Without links.  0 or -errno. */
int resolve_real(const char *path, char out[static PATH_MAX]);

/* Where nobody else can change the file, or put another in its place. */
bool resolve_is_own(const char *path);

/* A folder of that mode, whatever the umask; 0 also if it is there. */
int resolve_make_folder(const char *path, mode_t mode);

/* As unlinkat() does, with its flags. */
int resolve_unlink(const char *path, int flags);

/* strerror() with the words for -ELOOP and -EXDEV of this. */
const char *resolve_strerror(int err);

#endif /* COMMON_RESOLVE_H */
