/*
 * source_file.c - a file with bytes that somebody made elsewhere, for trials
 */
#include "guest-agent/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int file_open(struct source *s)
{
	struct stat st;

	s->fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (s->fd < 0)
		return source_fail(s, -errno, "%s", strerror(errno));
	if (fstat(s->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return source_fail(s, -EINVAL, "not a regular file");
	return 0;
}

static ssize_t file_ask(struct source *s, size_t n)
{
	(void)s;
	return (ssize_t)n;
}

static ssize_t file_read(struct source *s, uint8_t *buf, size_t n)
{
	return source_read_fd(s, buf, n, -ENODATA,
			      "the file has no more bytes");
}

const struct source_driver source_file = {
	.scheme = "file",
	.open = file_open,
	.ask = file_ask,
	.read = file_read,
};
