#include "host-agent/procfile.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

ssize_t procfile_read(pid_t pid, const char *file, char *out, size_t size)
{
	char path[40];
	size_t used = 0;
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while (used < size && (n = read(fd, out + used, size - used)) > 0)
		used += (size_t)n;
	close(fd);
	return n < 0 ? -1 : (ssize_t)used;
}
