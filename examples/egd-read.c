/*
 * egd-read - the smallest useful consumer of the host agent
 *
 * egd-read SOCKET COUNT writes COUNT (1 to 255) random bytes to standard
 * output: EGD command 0x02, "send that many, when you have them".
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	unsigned char ask[2] = { 0x02 }, bytes[255];
	size_t have = 0, count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	int fd;

	if (count < 1 || count > sizeof(bytes) ||
	    strlen(argv[1]) >= sizeof(address.sun_path))
		errx(2, "usage: egd-read SOCKET COUNT (1 to 255)");
	memcpy(address.sun_path, argv[1], strlen(argv[1]));
	ask[1] = (unsigned char)count;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (void *)&address, sizeof(address)) < 0)
		err(1, "%s", argv[1]);
	if (write(fd, ask, sizeof(ask)) != sizeof(ask))
		err(1, "%s: asking", argv[1]);
	while (have < count) {
		ssize_t n = read(fd, bytes + have, count - have);

		if (n <= 0)
			err(1, "%s: the agent closed the connection", argv[1]);
		have += (size_t)n;
	}
	if (write(STDOUT_FILENO, bytes, count) != (ssize_t)count)
		err(1, "standard output");
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}
