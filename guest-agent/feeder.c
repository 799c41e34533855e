#include "guest-agent/feeder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/caps.h"
#include "common/secmem.h"
#include "guest-agent/confine.h"

#define REPLY_TIMEOUT_MS 5000

static int open_rng(void)
{
	int fd = open("/dev/random", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/*
 * Does not return.  The first reply tells how setting up went: add, and the
 * filter in reseed.
 */
static void feeder_main(int in, int out)
{
	struct feeder_reply hello = { .magic = FEEDER_REPLY_MAGIC };
	struct feeder_frame *frame;
	sigset_t all;
	int rng = open_rng();

	/*
	 * The parent decides when it is over: a ^C or a service manager's
	 * SIGTERM to the whole group must not look like a dead feeder.
	 */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	frame = secmem_alloc(sizeof(*frame));
	if (!frame)
		hello.add = -errno;
	else if (rng < 0)
		hello.add = rng;
	else
		hello.add = caps_limit(1ull << CAP_SYS_ADMIN);
	confine_descriptors(in, out, rng);
	hello.reseed = confine_syscalls();
	if (write(out, &hello, sizeof(hello)) != sizeof(hello) || hello.add)
		confine_exit(1);
	confine_exit(feeder_serve(in, out, rng, frame) ? 1 : 0);
}

/* A reply is smaller than PIPE_BUF: it comes whole or not at all. */
static int read_reply(struct feeder *f, struct feeder_reply *reply)
{
	struct pollfd p = { .fd = f->from, .events = POLLIN };
	int r;

	do {
		r = poll(&p, 1, REPLY_TIMEOUT_MS);
	} while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r ? -errno : -ETIMEDOUT;
	if (read(f->from, reply, sizeof(*reply)) != sizeof(*reply))
		return -EPIPE;
	return reply->magic == FEEDER_REPLY_MAGIC ? 0 : -EPROTO;
}

static int fork_feeder(struct feeder *f, int to[2], int from[2])
{
	f->pid = fork();
	if (f->pid < 0)
		return -errno;
	if (!f->pid)
		feeder_main(to[0], from[1]);
	f->to = to[1];
	f->from = from[0];
	close(to[0]);
	close(from[1]);
	return 0;
}

static int hear_hello(struct feeder *f)
{
	struct feeder_reply hello;
	int r = read_reply(f, &hello);

	if (r)
		return r;
	f->filtered = !hello.reseed;
	return hello.add;
}

int feeder_start(struct feeder *f)
{
	int to[2], from[2], r;

	*f = (struct feeder){ .to = -1, .from = -1 };
	f->frame = secmem_alloc(sizeof(*f->frame));
	if (!f->frame)
		return -errno;
	if (pipe2(to, O_CLOEXEC) < 0) {
		r = -errno;
		goto fail;
	}
	if (pipe2(from, O_CLOEXEC) < 0) {
		r = -errno;
		goto fail_to;
	}
	r = fork_feeder(f, to, from);
	if (r) {
		close(from[0]);
		close(from[1]);
		goto fail_to;
	}
	r = hear_hello(f);
	if (r)
		feeder_stop(f);
	return r;
fail_to:
	close(to[0]);
	close(to[1]);
fail:
	feeder_stop(f);
	return r;
}

int feeder_feed(struct feeder *f, const uint8_t *data, size_t len,
		unsigned int credit_bits, struct feeder_reply *reply)
{
	ssize_t sent;
	int r = 0;

	if (f->to < 0)
		return -EPIPE;
	if (!len || len > FEEDER_PAYLOAD_MAX || credit_bits > 8 * len)
		return -EINVAL;
	f->frame->magic = FEEDER_MAGIC;
	f->frame->credit_bits = (int32_t)credit_bits;
	f->frame->size = (int32_t)len;
	memcpy(f->frame->data, data, len);
	/* Smaller than PIPE_BUF, and the pipe is empty: never cut short. */
	sent = write(f->to, f->frame, sizeof(*f->frame));
	if (sent != sizeof(*f->frame))
		r = sent < 0 ? -errno : -EIO;
	explicit_bzero(f->frame, sizeof(*f->frame));
	if (!r)
		r = read_reply(f, reply);
	if (r)
		feeder_stop(f);
	return r;
}

void feeder_stop(struct feeder *f)
{
	if (f->to >= 0)
		close(f->to);
	if (f->from >= 0)
		close(f->from);
	if (f->pid > 0) {
		/* Between two frames it has nothing to finish. */
		kill(f->pid, SIGKILL);
		waitpid(f->pid, NULL, 0);
	}
	secmem_free(f->frame);
	*f = (struct feeder){ .to = -1, .from = -1 };
}
