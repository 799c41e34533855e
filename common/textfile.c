#include "common/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

ssize_t textfile_fill(int fd, void *out, size_t size)
{
	size_t have = 0;
	ssize_t got;

	while (have < size) {
		got = read(fd, (char *)out + have, size - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

int textfile_put(int fd, const void *data, size_t len)
{
	const char *from = data;
	ssize_t put;

	while (len > 0) {
		put = write(fd, from, len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put < 0 ? -errno : -EIO;
		from += put;
		len -= (size_t)put;
	}
	return 0;
}

int textfile_read(const char *path, char *out, size_t size)
{
	ssize_t got;
	int fd;

	out[0] = '\0';
	/* A FIFO in the place of the file must not hold us. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	got = textfile_fill(fd, out, size - 1);
	close(fd);
	out[got < 0 ? 0 : got] = '\0';
	return (int)got;
}

int textfile_read_proc(pid_t pid, const char *file, char *out, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return textfile_read(path, out, size);
}

void textfile_first_line(char *out)
{
	out[strcspn(out, "\n")] = '\0';
}
