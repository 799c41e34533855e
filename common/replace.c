#include "common/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/resolve.h"
#include "common/textfile.h"

#define NAMES_TRIED 100

static char *read_text(int fd)
{
	char *text = malloc(REPLACE_MAX + 1);
	ssize_t n = text ? textfile_fill(fd, text, REPLACE_MAX + 1) : -ENOMEM;
	char *fits;

	if (n < 0)
		errno = (int)-n;
	else if (n > REPLACE_MAX)
		errno = EFBIG;
	else if (memchr(text, '\0', (size_t)n))
		errno = EILSEQ;
	else
		goto terminate;
	free(text);
	return NULL;
terminate:
	text[n] = '\0';
	fits = realloc(text, (size_t)n + 1);
	return fits ? fits : text;
}

static char *read_resolved(const struct resolved *r)
{
	struct stat st;
	int fd = resolve_open(r, &st), err;
	char *text;

	if (fd < 0) {
		errno = fd == -EISDIR ? EINVAL : -fd;
		return NULL;
	}
	text = read_text(fd);
	err = errno;
	close(fd);
	errno = err;
	return text;
}

char *replace_read(const char *path)
{
	struct resolved r;
	int err = resolve_path(&r, path);
	char *text = err ? NULL : read_resolved(&r);

	if (!err)
		err = -errno;
	resolve_end(&r);
	errno = -err;
	return text;
}

/* Owner before mode: a change of owner takes set-user-ID bits away. */
static int dress(int fd, const struct resolved *r, mode_t mode)
{
	struct stat st;
	int old = resolve_open(r, &st);

	if (old >= 0) {
		close(old);
		mode = st.st_mode & 07777;
		if ((st.st_uid != geteuid() || st.st_gid != getegid()) &&
		    fchown(fd, st.st_uid, st.st_gid) < 0)
			return -errno;
	} else if (old != -ENOENT) {
		return old;
	}
	return fchmod(fd, mode) < 0 ? -errno : 0;
}

/* Whether it still says before; a failure to read it is a change. */
static bool is_as(const struct resolved *r, const char *before)
{
	char *now = read_resolved(r);
	bool same = now && !strcmp(now, before);

	free(now);
	return same;
}

/* A rename that is not on the disk may be lost with the power. */
static void sync_folder(const struct resolved *r)
{
	int fd = openat(r->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

static int fill(int fd, const struct resolved *r, const char *text, mode_t mode)
{
	int err = dress(fd, r, mode);

	if (!err)
		err = textfile_put(fd, text, strlen(text));
	if (!err && fsync(fd) < 0)
		err = -errno;
	return err;
}

/* A file of our own beside it; its name becomes new. */
static int open_new(const struct resolved *r, char new[static NAME_MAX + 1])
{
	uint32_t draw;
	int fd, i;

	for (i = 0; i < NAMES_TRIED; i++) {
		if (getrandom(&draw, sizeof(draw), GRND_INSECURE) < 0)
			return -errno;
		if (snprintf(new, NAME_MAX + 1, "%s.%08" PRIx32, r->name,
			     draw) > NAME_MAX)
			return -ENAMETOOLONG;
		fd = openat(r->folder, new,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
				    O_CLOEXEC,
			    0600);
		if (fd >= 0 || errno != EEXIST)
			return fd < 0 ? -errno : fd;
	}
	return -EEXIST;
}

static int replace(const struct resolved *r, const char *before,
		   const char *after, mode_t mode)
{
	char new[NAME_MAX + 1];
	int fd = open_new(r, new), err;

	if (fd < 0)
		return fd;
	err = fill(fd, r, after, mode);
	if (close(fd) < 0 && !err)
		err = -errno;
	/* nothing is slow between this look and the rename */
	if (!err && before && !is_as(r, before))
		err = -EAGAIN;
	if (!err && renameat(r->folder, new, r->folder, r->name) < 0)
		err = -errno;
	if (err)
		unlinkat(r->folder, new, 0);
	else
		sync_folder(r);
	return err;
}

int replace_file(const char *path, const char *before, const char *after,
		 mode_t mode)
{
	struct resolved r;
	int err = resolve_path(&r, path);

	if (!err)
		err = replace(&r, before, after, mode);
	resolve_end(&r);
	return err;
}
