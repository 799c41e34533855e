#include "common/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static ssize_t read_all(int fd, char *out, size_t size)
{
	size_t used = 0;
	ssize_t n;

	while (used < size) {
		n = read(fd, out + used, size - used);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n == 0)
			break;
		if (n > 0)
			used += (size_t)n;
	}
	return (ssize_t)used;
}

static char *read_text(int fd)
{
	char *text = malloc(REPLACE_MAX + 1);
	ssize_t n = text ? read_all(fd, text, REPLACE_MAX + 1) : -1;
	char *fits;

	if (n > REPLACE_MAX)
		errno = EFBIG;
	else if (n >= 0 && memchr(text, '\0', (size_t)n))
		errno = EILSEQ;
	else if (n >= 0)
		goto terminate;
	free(text);
	return NULL;
terminate:
	text[n] = '\0';
	fits = realloc(text, (size_t)n + 1);
	return fits ? fits : text;
}

char *replace_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *text = NULL;
	struct stat st;
	int err = 0;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		err = EINVAL;
	else
		text = read_text(fd);
	if (!text && !err)
		err = errno;
	close(fd);
	errno = err;
	return text;
}

static int write_all(int fd, const char *text)
{
	size_t left = strlen(text);
	ssize_t n;

	while (left) {
		n = write(fd, text, left);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			left -= (size_t)n;
		}
	}
	return 0;
}

/* Owner before mode: a change of owner takes set-user-ID bits away. */
static int dress(int fd, const char *path, mode_t mode)
{
	struct stat st;

	if (stat(path, &st) == 0) {
		mode = st.st_mode & 07777;
		if ((st.st_uid != geteuid() || st.st_gid != getegid()) &&
		    fchown(fd, st.st_uid, st.st_gid) < 0)
			return -errno;
	} else if (errno != ENOENT) {
		return -errno;
	}
	return fchmod(fd, mode) < 0 ? -errno : 0;
}

/* Whether it still says before; a failure to read it is a change. */
static bool is_as(const char *path, const char *before)
{
	char *now = replace_read(path);
	bool same = now && !strcmp(now, before);

	free(now);
	return same;
}

/* A rename that is not on the disk may be lost with the power. */
static void sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX] = ".";
	int fd;

	if (slash)
		snprintf(folder, sizeof(folder), "%.*s",
			 slash == path ? 1 : (int)(slash - path), path);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

static int fill(int fd, const char *path, const char *text, mode_t mode)
{
	int err = dress(fd, path, mode);

	if (!err)
		err = write_all(fd, text);
	if (!err && fsync(fd) < 0)
		err = -errno;
	return err;
}

int replace_file(const char *path, const char *before, const char *after,
		 mode_t mode)
{
	char new[PATH_MAX];
	int fd, err;

	if ((size_t)snprintf(new, sizeof(new), "%s.XXXXXX", path) >=
	    sizeof(new))
		return -ENAMETOOLONG;
	fd = mkostemp(new, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = fill(fd, path, after, mode);
	if (close(fd) < 0 && !err)
		err = -errno;
	/* nothing is slow between this look and the rename */
	if (!err && before && !is_as(path, before))
		err = -EAGAIN;
	if (!err && rename(new, path) < 0)
		err = -errno;
	if (err)
		unlink(new);
	else
		sync_folder(path);
	return err;
}
