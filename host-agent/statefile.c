#include "host-agent/statefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"

static int write_new(const char *path, const char *text)
{
	size_t len = strlen(text);
	int fd, r = 0;
	ssize_t n;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		  0600);
	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	if (n != (ssize_t)len)
		r = n < 0 ? -errno : -ENOSPC;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

int statefile_write(const char *path, const char *new, const json_t *o)
{
	char *text;
	int r;

	if (!o)
		return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
	text = json_dumps(o, JSON_COMPACT);
	if (!text)
		return -ENOMEM;
	r = write_new(new, text);
	free(text);
	if (r == 0 && rename(new, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(new);
	return r;
}

/* The folder is the agent's own: what others may write was not put there. */
static bool is_ours(const struct stat *st, size_t max)
{
	return S_ISREG(st->st_mode) && !(st->st_mode & 022) &&
	       (size_t)st->st_size <= max;
}

/* Terminated, to be freed; NULL: there is none, or it is no file of ours. */
static char *read_text(const char *path, size_t max)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0) {
		if (errno != ENOENT)
			log_err("%s: %s: dropped", path, strerror(errno));
		return NULL;
	}
	if (fstat(fd, &st) < 0 || !is_ours(&st, max))
		log_err("%s: no file of ours: dropped", path);
	else
		text = malloc((size_t)st.st_size + 1);
	n = text ? read(fd, text, (size_t)st.st_size) : 0;
	close(fd);
	if (text)
		text[n < 0 ? 0 : n] = '\0';
	return text;
}

json_t *statefile_read(const char *path, size_t max)
{
	char *text = read_text(path, max);
	char why[2 * JSON_ERROR_TEXT_LENGTH];
	json_error_t err;
	json_t *o;

	if (!text)
		return NULL;
	o = json_loads(text, JSON_REJECT_DUPLICATES, &err);
	free(text);
	if (o)
		return o;
	log_escape(why, sizeof(why), err.text, strlen(err.text));
	log_err("%s:%d:%d: %s: dropped", path, err.line, err.column, why);
	return NULL;
}
