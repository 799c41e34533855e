#include "host-agent/statefile.h"

#include <errno.h>
#include <fcntl.h>
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

/* Terminated, to be freed; NULL: there is none, or it is no file of ours. */
static char *read_text(const char *path, size_t max)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (size_t)st.st_size <= max)
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
	json_t *o;

	if (!text)
		return NULL;
	o = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	if (!o)
		log_warn("%s: not JSON: dropped", path);
	return o;
}
