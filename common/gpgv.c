#include "common/gpgv.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/gpgv_spawn.h"
#include "common/log.h"

#define READ_AT_ONCE 4096
#define READS_AT_END 16	  /* of what others may go on writing to */
#define NO_STATUS    (-1) /* there was no child */

/* Lets go of everything but what the verdict is made from. */
static void gpgv_check_close(struct gpgv_check *c)
{
	event_del(&c->end_ev);
	if (c->status_fd >= 0) {
		event_del(&c->status_ev);
		close(c->status_fd);
	}
	if (c->stderr_fd >= 0) {
		event_del(&c->stderr_ev);
		close(c->stderr_fd);
	}
	c->status_fd = c->stderr_fd = -1;
	c->busy = false;
}

static void gpgv_kill(struct gpgv_check *c)
{
	if (c->pid)
		kill(-c->pid, SIGKILL);
}

static enum gpgv_verdict gpgv_judge(const struct gpgv_check *c, int status)
{
	if (c->refused != GPGV_GOOD)
		return c->refused;
	if (c->timed_out)
		return GPGV_TIMEOUT;
	if (!WIFEXITED(status))
		return c->status.bad_line ? GPGV_UNINTELLIGIBLE : GPGV_KILLED;
	return gpgv_status_verdict(&c->status, &c->pins, WEXITSTATUS(status));
}

static void gpgv_explain(const struct gpgv_check *c, int status,
			 struct gpgv_result *r)
{
	const char *text = gpgv_verdict_text(r->verdict);

	switch (r->verdict) {
	case GPGV_KEYRING_MISSING:
	case GPGV_KEYRING_EMPTY:
	case GPGV_KEYRING_FORMAT:
		snprintf(r->why, sizeof(r->why), "%s: %s", c->keyring, text);
		break;
	case GPGV_KEYRING_UNREADABLE:
		snprintf(r->why, sizeof(r->why), "%s: %s: %s", c->keyring, text,
			 strerror(c->start_errno));
		break;
	case GPGV_CANNOT_START:
		snprintf(r->why, sizeof(r->why), "%s: %s", text,
			 strerror(c->start_errno));
		break;
	case GPGV_FAILED:
		snprintf(r->why, sizeof(r->why), "%s (exit status %d)", text,
			 WEXITSTATUS(status));
		break;
	case GPGV_KILLED:
		snprintf(r->why, sizeof(r->why), "%s (signal %d)", text,
			 WTERMSIG(status));
		break;
	default:
		snprintf(r->why, sizeof(r->why), "%s%s%s", text,
			 r->signer[0] ? ": key " : "", r->signer);
	}
}

static void gpgv_finish(struct gpgv_check *c, int status)
{
	struct gpgv_result r = { .verdict = gpgv_judge(c, status),
				 .hash = c->status.hash };
	char said[GPGV_STDERR_MAX];

	snprintf(r.primary, sizeof(r.primary), "%s", c->status.primary);
	snprintf(r.signer, sizeof(r.signer), "%s", c->status.signer);
	gpgv_explain(c, status, &r);
	if (r.verdict != GPGV_GOOD && c->said_len)
		log_info("firmware signature: gpgv said: %s",
			 log_escape(said, sizeof(said) - 64, c->said,
				    c->said_len));
	gpgv_check_close(c);
	c->done(c->owner, &r); /* c may be gone */
}

/* Bytes read, 0 when there will be no more, -EAGAIN. */
static int gpgv_read(int fd, char *buf, size_t size)
{
	ssize_t n;

	do
		n = read(fd, buf, size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? -EAGAIN : 0;
	return (int)n;
}

static int gpgv_read_status(struct gpgv_check *c)
{
	char buf[READ_AT_ONCE];
	int n = gpgv_read(c->status_fd, buf, sizeof(buf));

	if (n > 0)
		gpgv_status_feed(&c->status, buf, (size_t)n);
	/* what floods, or makes no sense, is not waited for */
	if (c->status.bad_line)
		gpgv_kill(c);
	return c->status.bad_line ? 0 : n;
}

static int gpgv_read_stderr(struct gpgv_check *c)
{
	char buf[READ_AT_ONCE];
	size_t room = sizeof(c->said) - c->said_len;
	int n = gpgv_read(c->stderr_fd, buf, sizeof(buf));

	if (n > 0) {
		if ((size_t)n < room)
			room = (size_t)n;
		memcpy(c->said + c->said_len, buf, room);
		c->said_len += room;
	}
	return n;
}

static void gpgv_on_status(evutil_socket_t fd, short what, void *arg)
{
	struct gpgv_check *c = arg;

	(void)fd;
	(void)what;
	if (gpgv_read_status(c) == 0)
		event_del(&c->status_ev);
}

static void gpgv_on_stderr(evutil_socket_t fd, short what, void *arg)
{
	struct gpgv_check *c = arg;

	(void)fd;
	(void)what;
	if (gpgv_read_stderr(c) == 0)
		event_del(&c->stderr_ev);
}

/* The deadline; or at once, if there is no child. */
static void gpgv_on_end(evutil_socket_t fd, short what, void *arg)
{
	struct gpgv_check *c = arg;

	(void)fd;
	(void)what;
	if (!c->pid) {
		gpgv_finish(c, NO_STATUS);
		return;
	}
	c->timed_out = true;
	gpgv_kill(c);
}

void gpgv_check_init(struct gpgv_check *c, struct event_base *base,
		     gpgv_done done, void *owner)
{
	memset(c, 0, sizeof(*c));
	c->base = base;
	c->done = done;
	c->owner = owner;
	c->status_fd = c->stderr_fd = -1;
	event_assign(&c->end_ev, base, -1, 0, gpgv_on_end, c);
}

/* If the loop will not have the events, the child's end is the next news. */
static void gpgv_listen(struct gpgv_check *c)
{
	if (event_assign(&c->status_ev, c->base, c->status_fd,
			 EV_READ | EV_PERSIST, gpgv_on_status, c) == 0 &&
	    event_assign(&c->stderr_ev, c->base, c->stderr_fd,
			 EV_READ | EV_PERSIST, gpgv_on_stderr, c) == 0 &&
	    event_add(&c->status_ev, NULL) == 0 &&
	    event_add(&c->stderr_ev, NULL) == 0)
		return;
	c->refused = GPGV_CANNOT_START;
	c->start_errno = ENOMEM;
	gpgv_kill(c);
}

void gpgv_check_start(struct gpgv_check *c, const struct gpgv_job *job)
{
	unsigned int ms = job->deadline_ms;
	struct gpgv_process p = { .pid = 0 };
	struct timeval tv;

	gpgv_check_cancel(c);
	c->busy = true;
	c->timed_out = false;
	c->said_len = 0;
	c->pins = *job->pins;
	gpgv_status_init(&c->status);
	c->refused = gpgv_spawn(&p, job->keyring, &job->parts, &c->start_errno);
	snprintf(c->keyring, sizeof(c->keyring), "%s", job->keyring);
	if (!ms)
		ms = GPGV_DEADLINE_S * 1000;
	if (c->refused == GPGV_GOOD) {
		c->pid = p.pid;
		c->status_fd = p.status_fd;
		c->stderr_fd = p.stderr_fd;
		gpgv_listen(c);
	} else {
		ms = 0;
	}
	tv = (struct timeval){ ms / 1000, ms % 1000 * 1000 };
	event_add(&c->end_ev, &tv);
}

void gpgv_check_cancel(struct gpgv_check *c)
{
	if (!c->busy)
		return;
	gpgv_kill(c);
	c->pid = 0;
	gpgv_check_close(c);
}

bool gpgv_check_reaped(struct gpgv_check *c, pid_t pid, int status)
{
	if (!c->pid || c->pid != pid)
		return false;
	c->pid = 0;
	/* what it wrote last is still in the pipes */
	while (gpgv_read_status(c) > 0)
		;
	for (int i = 0; i < READS_AT_END && gpgv_read_stderr(c) > 0; i++)
		;
	gpgv_finish(c, status);
	return true;
}
