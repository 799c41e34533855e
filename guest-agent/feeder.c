#include "guest-agent/feeder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/secmem.h"

#define REPLY_TIMEOUT_MS 5000

/* Either is smaller than PIPE_BUF: it comes whole or not at all. */
static int read_message(struct feeder *f, void *message, size_t size)
{
	struct pollfd p = { .fd = f->from, .events = POLLIN };
	ssize_t got;
	int r;

	do {
		r = poll(&p, 1, REPLY_TIMEOUT_MS);
	} while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r ? -errno : -ETIMEDOUT;
	got = read(f->from, message, size);
	if (got < 0)
		return -errno;
	return got == (ssize_t)size ? 0 : -EPIPE;
}

static int read_reply(struct feeder *f, struct feeder_reply *reply)
{
	int r = read_message(f, reply, sizeof(*reply));

	if (r)
		return r;
	return reply->magic == FEEDER_REPLY_MAGIC ? 0 : -EPROTO;
}

static int fork_feeder(struct feeder *f, bool sandbox, int to[2], int from[2])
{
	f->pid = fork();
	if (f->pid < 0)
		return -errno;
	if (!f->pid)
		feeder_child(to[0], from[1], sandbox);
	f->to = to[1];
	f->from = from[0];
	close(to[0]);
	close(from[1]);
	return 0;
}

static int hear_hello(struct feeder *f)
{
	struct feeder_hello hello;
	int r = read_message(f, &hello, sizeof(hello));

	if (r)
		return r;
	if (hello.magic != FEEDER_HELLO_MAGIC ||
	    hello.stage <= FEEDER_PROCESS || hello.stage > FEEDER_READY ||
	    (hello.stage == FEEDER_READY) != (hello.err == 0))
		return -EPROTO;
	f->stage = (enum feeder_stage)hello.stage;
	return hello.err;
}

static int start_process(struct feeder *f, bool sandbox)
{
	int to[2], from[2], r;

	if (pipe2(to, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(from, O_CLOEXEC) < 0) {
		r = -errno;
		goto fail_to;
	}
	r = fork_feeder(f, sandbox, to, from);
	if (!r)
		return 0;
	close(from[0]);
	close(from[1]);
fail_to:
	close(to[0]);
	close(to[1]);
	return r;
}

int feeder_start(struct feeder *f, bool sandbox)
{
	enum feeder_stage stage;
	int r;

	*f = (struct feeder){ .to = -1, .from = -1 };
	f->frame = secmem_alloc(sizeof(*f->frame));
	if (!f->frame) {
		f->stage = FEEDER_MEMORY;
		return -errno;
	}
	r = start_process(f, sandbox);
	if (!r)
		r = hear_hello(f);
	if (!r)
		return 0;
	stage = f->stage;
	feeder_stop(f);
	f->stage = stage;
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
