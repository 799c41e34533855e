#include "guest-agent/krng.h"

#include <errno.h>
#include <linux/random.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "common/opt.h"
#include "common/textfile.h"

#define NEW_DESIGN_BITS 256
#define POOLSIZE_MAX	(1 << 20) /* bits; the old design had 4096 */

int krng_poolsize(const char *path)
{
	unsigned long long bits;
	char text[32];
	int r = textfile_read(path, text, sizeof(text));

	if (r < 0)
		return r;
	textfile_first_line(text);
	if (opt_u64(text, 1, POOLSIZE_MAX, &bits))
		return -EBADMSG;
	return (int)bits;
}

enum krng_design krng_design(int poolsize)
{
	if (poolsize <= 0)
		return KRNG_UNKNOWN;
	return poolsize == NEW_DESIGN_BITS ? KRNG_NEW : KRNG_OLD;
}

const char *krng_design_name(enum krng_design design)
{
	switch (design) {
	case KRNG_OLD:
		return "old";
	case KRNG_NEW:
		return "new";
	case KRNG_UNKNOWN:
		break;
	}
	return "unknown";
}

int krng_entropy(int fd)
{
	int bits = 0;

	return ioctl(fd, RNDGETENTCNT, &bits) < 0 ? -errno : bits;
}

int krng_ready(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (fd < 0) /* poll(2) passes over it */
		return -EBADF;
	if (poll(&p, 1, 0) < 0)
		return -errno;
	if (p.revents & (POLLERR | POLLNVAL))
		return -EBADF;
	return (p.revents & POLLIN) != 0;
}

int krng_current(const char *path, char *out, size_t size)
{
	int r = textfile_read(path, out, size);

	if (r < 0)
		return r;
	textfile_first_line(out);
	return 0;
}
