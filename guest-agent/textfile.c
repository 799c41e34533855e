#include "guest-agent/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int textfile_read(const char *path, char *out, size_t size)
{
	size_t have = 0;
	ssize_t got = 0;
	int fd, r = 0;

	out[0] = '\0';
	/* A FIFO in the place of the file must not hold us. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	while (have < size - 1) {
		got = read(fd, out + have, size - 1 - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		have += (size_t)got;
	}
	if (got < 0)
		r = -errno;
	close(fd);
	out[have] = '\0';
	return r ? r : (int)have;
}

void textfile_first_line(char *out)
{
	out[strcspn(out, "\n")] = '\0';
}
