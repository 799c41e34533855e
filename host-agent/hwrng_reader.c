/*
 * hwrng_reader.c - the process that reads the kernel's hardware RNG
 *
 *   (gone ─▶) opening ─▶ checking ─▶ running ◀──▶ recovering ──▶ failed
 *      ▲                               ▲  │
 *      │                               ▼  │
 *      └── none, or another one ◀──── paused
 *
 * What was read counts only if the kernel named the same source behind the
 * read as before it: a source that changes has departed, and the other one
 * begins with a start-up test.  Nothing here waits without a time limit.
 */
#include "host-agent/hwrng_reader.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/secmem.h"
#include "host-agent/hwrng_pump.h"
#include "host-agent/lockdown.h"
#include "host-agent/rawmsg.h"
#include "host-agent/role.h"

#define LOOK_MS	     2000  /* between looks, gone or paused */
#define HEARTBEAT_MS 30000 /* the core hears of a state that lasts */
#define SILENCE_MS   10000 /* 100 B/s fill the smallest read in 0.2 s */
#define ERROR_MS     1000
#define ERRORS_MAX   30	 /* in a row */
#define EMPTY_MS     100 /* EAGAIN, or nothing */
#define WANT_MIN     16
#define FAST_MS	     20	  /* a read that took less is doubled */
#define SLOW_MS	     200  /* one that took more is halved */
#define PACE_BYTES   1000 /* a millisecond: more is not looked at */
#define PACE_MS	     4

struct hwrng_reader {
	const char *path;
	int fds[ROLE_FDS];
	struct rawmsg *msg; /* secmem */
	struct hwrng_pump *pump;
	char name[HWRNG_NAME_MAX]; /* of the source that is used */
	char why[HWRNG_WHY_MAX];

	/* what the core wants */
	bool stop, paused, restart;

	/* the stream */
	uint64_t seq;
	size_t want;
	int errors;
	int64_t data_ms;	  /* when bytes came last */
	int64_t pace_ms, pace_us; /* the next bytes' time */
	int64_t said_ms;	  /* last report */
};

static void hwrng_report(struct hwrng_reader *r, enum reader_state state,
			 const char *text)
{
	log_debug("hwrng %s: state %d: %s", r->path, (int)state, text);
	r->said_ms = role_now_ms();
	if (rawmsg_send_state(RAWMSG_FD, state, text) < 0)
		r->stop = true;
}

static void hwrng_obey(struct hwrng_reader *r)
{
	if (rawmsg_recv(RAWMSG_FD, r->msg) != 1) {
		r->stop = true;
		return;
	}
	switch (r->msg->type) {
	case RAWMSG_RUN:
		r->paused = false;
		r->restart = true;
		break;
	case RAWMSG_PAUSE:
		r->paused = true;
		break;
	default: /* RAWMSG_STOP, and what no core would send */
		r->stop = true;
	}
}

/* Takes what the core says, for timeout_ms.  1: a job is done; 0; -ECANCELED */
static int hwrng_attend(struct hwrng_reader *r, int timeout_ms)
{
	struct pollfd pfd[] = {
		{ .fd = r->fds[0], .events = POLLIN },
		{ .fd = r->fds[1], .events = POLLIN },
		{ .fd = r->pump->done_fd, .events = POLLIN },
	};
	int rc = r->stop ? 0 : poll(pfd, 3, timeout_ms);

	if (rc < 0 && errno != EINTR)
		r->stop = true;
	if (rc > 0 && pfd[1].revents)
		r->stop = true;
	if (rc > 0 && pfd[0].revents)
		hwrng_obey(r);
	if (r->stop)
		return -ECANCELED;
	return rc > 0 && pfd[2].revents;
}

static int hwrng_sleep(struct hwrng_reader *r, int ms)
{
	int64_t end_ms = role_now_ms() + ms;
	int rc = 0;

	while (rc >= 0 && ms > 0) {
		rc = hwrng_attend(r, ms);
		ms = (int)(end_ms - role_now_ms());
	}
	return rc < 0 ? rc : 0;
}

/* The thread's job ends.  0, -ETIMEDOUT (it goes on) or -ECANCELED. */
static int hwrng_await(struct hwrng_reader *r, int timeout_ms)
{
	int64_t end_ms = role_now_ms() + timeout_ms, left_ms = timeout_ms;
	int rc;

	while (left_ms > 0) {
		rc = hwrng_attend(r, (int)left_ms);
		if (rc < 0)
			return rc;
		if (rc > 0) {
			hwrng_pump_take(r->pump);
			return 0;
		}
		left_ms = end_ms - role_now_ms();
	}
	return -ETIMEDOUT;
}

/* It is late: says so as long as that lasts; what comes then begins anew. */
static int hwrng_await_late(struct hwrng_reader *r, enum reader_state state)
{
	char text[RAWMSG_TEXT_MAX];
	int rc;

	snprintf(text, sizeof(text),
		 "silence: %.64s gave nothing for %d s: waiting for it",
		 r->name, SILENCE_MS / 1000);
	do {
		hwrng_report(r, state, text);
		rc = hwrng_await(r, HEARTBEAT_MS);
	} while (rc == -ETIMEDOUT);
	r->restart = true;
	return rc;
}

/* One job of the thread, however long it takes.  0 or -ECANCELED. */
static int hwrng_job(struct hwrng_reader *r, size_t want,
		     enum reader_state if_late)
{
	int rc;

	hwrng_pump_start(r->pump, want);
	rc = hwrng_await(r, SILENCE_MS);
	return rc == -ETIMEDOUT ? hwrng_await_late(r, if_late) : rc;
}

/* After a job: -ENODEV, with why, if another source is behind the node. */
static int hwrng_same(struct hwrng_reader *r)
{
	struct hwrng_pump *p = r->pump;

	if (p->got == -ENODEV || p->seen == -ENODEV)
		snprintf(r->why, sizeof(r->why), "%.64s departed", r->name);
	else if (p->seen < 0)
		snprintf(r->why, sizeof(r->why),
			 "cannot tell what is behind the node: rng_current: %s",
			 strerror(-p->seen));
	else if (strcmp(p->name, r->name))
		snprintf(r->why, sizeof(r->why),
			 "the kernel reads %.64s instead of %.64s", p->name,
			 r->name);
	else
		return 0;
	return -ENODEV;
}

/* One attempt to find a source.  -ENODEV with why: none now. */
static int hwrng_look(struct hwrng_reader *r)
{
	struct hwrng_pump *p = r->pump;
	int rc = hwrng_node_open(&p->node, r->path, r->why);

	if (rc < 0)
		return rc;
	snprintf(r->name, sizeof(r->name), "the kernel");
	rc = hwrng_job(r, 0, READER_GONE);
	if (rc < 0)
		return rc;
	if (p->seen == 0) {
		memcpy(r->name, p->name, sizeof(r->name));
		return 0;
	}
	snprintf(
		r->why, sizeof(r->why),
		"no hardware RNG behind %.64s (rng_current: %s): load a driver",
		r->path, p->seen == -ENODEV ? "none" : strerror(-p->seen));
	hwrng_node_close(&p->node);
	return -ENODEV;
}

/* Waits until there is a source.  0, -ECANCELED, or a refusal with why. */
static int hwrng_find(struct hwrng_reader *r)
{
	char said[HWRNG_WHY_MAX] = "";
	int rc;

	for (;;) {
		rc = hwrng_look(r);
		if (rc != -ENODEV)
			return rc;
		if (strcmp(said, r->why) ||
		    role_now_ms() - r->said_ms > HEARTBEAT_MS)
			hwrng_report(r, READER_GONE, r->why);
		memcpy(said, r->why, sizeof(said));
		rc = hwrng_sleep(r, LOOK_MS);
		if (rc < 0)
			return rc;
	}
}

/* A source that was in trouble begins anew with what it gives now. */
static void hwrng_begin(struct hwrng_reader *r)
{
	r->restart = false;
	r->errors = 0;
	r->data_ms = role_now_ms();
	r->pace_ms = r->data_ms;
	r->pace_us = 0;
	hwrng_report(r, READER_RUNNING, "raw samples");
}

static void hwrng_adapt(struct hwrng_reader *r, int64_t took_ms)
{
	if (took_ms < FAST_MS && r->want < RAWMSG_SAMPLES_MAX)
		r->want *= 2;
	else if (took_ms > SLOW_MS && r->want > WANT_MIN)
		r->want /= 2;
}

/* A source that is faster than anybody needs costs no more for it. */
static int hwrng_pace(struct hwrng_reader *r, size_t len)
{
	int64_t now_ms = role_now_ms();

	if (r->pace_ms < now_ms) {
		r->pace_ms = now_ms;
		r->pace_us = 0;
	}
	r->pace_us += (int64_t)len * 1000 / PACE_BYTES;
	r->pace_ms += r->pace_us / 1000;
	r->pace_us %= 1000;
	now_ms = r->pace_ms - now_ms;
	return now_ms >= PACE_MS ? hwrng_sleep(r, (int)now_ms) : 0;
}

static int hwrng_send(struct hwrng_reader *r)
{
	struct hwrng_pump *p = r->pump;
	size_t len = (size_t)p->got;

	r->data_ms = role_now_ms();
	if (r->errors)
		hwrng_begin(r);
	if (rawmsg_send(RAWMSG_FD, RAWMSG_SAMPLES, r->seq, p->buf, len) < 0)
		return -ECANCELED;
	r->seq += len;
	return hwrng_pace(r, len);
}

/* got is 0 or an error.  0: try again; -EIO with why. */
static int hwrng_trouble(struct hwrng_reader *r)
{
	int err = r->pump->got;
	char text[RAWMSG_TEXT_MAX];

	if (err == 0 || err == -EAGAIN || err == -EINTR) {
		if (role_now_ms() - r->data_ms < SILENCE_MS)
			return hwrng_sleep(r, EMPTY_MS);
		snprintf(text, sizeof(text), "silence: %.64s gives nothing",
			 r->name);
	} else {
		snprintf(text, sizeof(text), "cannot read %.64s: %s", r->name,
			 strerror(-err));
	}
	if (++r->errors > ERRORS_MAX) {
		snprintf(r->why, sizeof(r->why), "%.150s, %d times", text,
			 ERRORS_MAX);
		return -EIO;
	}
	hwrng_report(r, READER_RECOVERING, text);
	return hwrng_sleep(r, ERROR_MS);
}

/* One read, to the core.  0, or the end of the stream. */
static int hwrng_step(struct hwrng_reader *r)
{
	struct hwrng_pump *p = r->pump;
	int64_t start_ms = role_now_ms();
	int rc = hwrng_job(r, r->want, READER_RECOVERING);

	if (rc < 0)
		return rc;
	rc = hwrng_same(r);
	/* what was under way as the core asked for a new start is not in it */
	if (rc == 0 && !r->paused && !r->restart) {
		hwrng_adapt(r, role_now_ms() - start_ms);
		rc = p->got > 0 ? hwrng_send(r) : hwrng_trouble(r);
	}
	explicit_bzero(p->buf, sizeof(p->buf));
	return rc;
}

/* Quiet until the core says something else, or the source is gone. */
static int hwrng_rest(struct hwrng_reader *r)
{
	int rc = 0;

	hwrng_report(r, READER_PAUSED, "not needed now");
	while (rc == 0 && r->paused) {
		rc = hwrng_sleep(r, LOOK_MS);
		if (rc == 0)
			rc = hwrng_job(r, 0, READER_PAUSED);
		if (rc == 0)
			rc = hwrng_same(r);
	}
	r->restart = true;
	return rc;
}

/* From arrival to the end of the source. */
static int hwrng_stream(struct hwrng_reader *r)
{
	int rc = 0;

	hwrng_report(r, READER_OPENING, "");
	hwrng_report(r, READER_CHECKING, r->name);
	r->want = WANT_MIN;
	r->paused = false;
	r->restart = true;
	while (rc == 0) {
		if (r->paused)
			rc = hwrng_rest(r);
		else if (r->restart)
			hwrng_begin(r);
		else
			rc = hwrng_step(r);
	}
	return rc;
}

static int hwrng_serve(struct hwrng_reader *r)
{
	int rc;

	for (;;) {
		rc = hwrng_find(r);
		if (rc == 0)
			rc = hwrng_stream(r);
		if (rc != -ENODEV)
			break;
		/* also one that is back already: no more often than this */
		hwrng_report(r, READER_GONE, r->why);
		hwrng_node_close(&r->pump->node);
		if (hwrng_sleep(r, LOOK_MS) < 0)
			return 0;
	}
	if (rc == -ECANCELED)
		return 0;
	hwrng_report(r, READER_FAILED, r->why);
	return 1;
}

int hwrng_reader_main(const char *path, enum sandbox_mode sandbox)
{
	struct hwrng_reader r = { .path = path, .fds = { RAWMSG_FD, -1 } };
	int rc = 1;

	r.fds[1] = role_enter();
	if (r.fds[1] < 0) {
		log_err("hwrng-reader: cannot lock down: %s",
			strerror(-r.fds[1]));
		return 1;
	}
	if (lockdown_hwrng(sandbox) < 0)
		return 1;
	r.msg = secmem_alloc(sizeof(*r.msg));
	r.pump = hwrng_pump_new();
	if (r.msg && r.pump) {
		rc = hwrng_serve(&r);
	} else {
		snprintf(r.why, sizeof(r.why),
			 "no thread or locked memory: raise LimitMEMLOCK and "
			 "TasksMax");
		rawmsg_send_state(RAWMSG_FD, READER_FAILED, r.why);
	}
	hwrng_pump_free(r.pump);
	secmem_free(r.msg);
	return rc;
}
