/*
 * reader_stream.c - samples, pause, watchdog and the ladder of recovery
 *
 * Silence of SILENCE_MS or a failed transfer puts the reader on the ladder:
 * each rung does one thing more, then starts afresh.  Samples flow again only
 * behind a RUNNING report, on which the core repeats its start-up test.  A
 * device that ran for STEADY_MS has left the ladder; one that fails sooner
 * goes on climbing.  The core's first word behind the image says that the
 * firmware may be used: until then nothing is read.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "host-agent/onerng.h"
#include "host-agent/reader_priv.h"

/*
 * A transfer waits for the ones in front of it: 142 ms at 57.6 kB/s.  At the
 * slowest rate that makes sense, a packet every 0.64 s (100 B/s), the longest
 * gap between two arrivals seen is 0.94 s.
 */
#define TRANSFER_MS   300
#define SILENCE_MS    1200
#define STEADY_MS     10000
#define IDLE_RETRY_MS 1000

#define DISCARD_OPEN   10240
#define DISCARD_RESUME (ONERNG_POOL + ONERNG_FIFO)

enum rung {
	RUNG_NONE,	/* start, nothing is wrong yet */
	RUNG_COMMAND,	/* the commands once more */
	RUNG_DTR,	/* DTR off and on: output is gated on it */
	RUNG_INTERFACE, /* SET_INTERFACE: flushes FIFOs, resets toggles */
	RUNG_RESET,	/* bus reset */
	RUNGS,
};

static const char *const rung_text[RUNGS] = {
	[RUNG_NONE] = "starting",
	[RUNG_COMMAND] = "sending the commands again",
	[RUNG_DTR] = "toggling DTR",
	[RUNG_INTERFACE] = "setting the interface again",
	[RUNG_RESET] = "resetting the device",
};

static int reader_toggle_line(struct reader *r)
{
	int rc = usb_set_line(r->usb, false);

	return rc < 0 ? rc : usb_set_line(r->usb, true);
}

static int reader_climb(struct reader *r, enum rung rung)
{
	int rc;

	switch (rung) {
	case RUNG_NONE:
		return usb_set_line(r->usb, true);
	case RUNG_DTR:
		return reader_toggle_line(r);
	case RUNG_INTERFACE:
		rc = usb_set_interface(r->usb);
		return rc < 0 ? rc : usb_set_line(r->usb, true);
	case RUNG_RESET:
		rc = usb_reset(r->usb);
		return rc < 0 ? rc : usb_set_line(r->usb, true);
	case RUNG_COMMAND:
	case RUNGS:
		break;
	}
	return 0;
}

static void reader_on_samples(void *ctx, int err, const uint8_t *data,
			      size_t len)
{
	struct reader *r = ctx;

	if (err && !r->stream_err)
		r->stream_err = err;
	if (!len || r->stream_err || r->stop)
		return;
	r->last_data_ms = role_now_ms();
	if (rawmsg_send(RAWMSG_FD, RAWMSG_SAMPLES, r->seq, data, len) < 0)
		r->stop = true;
	r->seq += len;
}

/* While paused: what comes nevertheless is stale, and not looked at. */
static void reader_on_idle(void *ctx, int err, const uint8_t *data, size_t len)
{
	struct reader *r = ctx;

	(void)data;
	(void)len;
	if (err && !r->stream_err)
		r->stream_err = err;
}

/* Waits for the transfers and the core.  0, -ECANCELED or an error. */
static int reader_wait(struct reader *r, int timeout_ms)
{
	int mask = usb_wait(r->usb, r->fds, timeout_ms);

	if (mask < 0)
		return mask;
	if (r->stop || (mask && reader_attend(r, 0) < 0))
		return -ECANCELED;
	return r->stream_err;
}

/* Samples to the core.  0 when it wants a pause or a new start. */
static int reader_run(struct reader *r)
{
	int rc;

	reader_report(r, READER_RUNNING, "raw samples");
	r->stream_err = 0;
	r->last_data_ms = role_now_ms();
	rc = usb_stream_start(r->usb, TRANSFER_MS, reader_on_samples, r);
	while (rc == 0 && !r->paused && !r->restart) {
		rc = reader_wait(r, TRANSFER_MS);
		if (rc == 0 && role_now_ms() - r->last_data_ms > SILENCE_MS)
			rc = -ETIMEDOUT;
	}
	usb_stream_stop(r->usb);
	return rc;
}

/*
 * Transfers without a timeout stay in flight: they cost nothing and come back
 * when the device departs, also where no udevd tells of it.
 */
static int reader_idle(struct reader *r, const bool *as_long_as)
{
	int rc;

	r->stream_err = 0;
	rc = usb_stream_start(r->usb, 0, reader_on_idle, r);
	while (rc == 0 && *as_long_as)
		rc = reader_wait(r, -1);
	usb_stream_stop(r->usb);
	return rc;
}

/* Quiet until the core says something else. */
static int reader_rest(struct reader *r, const bool *as_long_as)
{
	int rc = 0;

	while (*as_long_as && rc != -ENODEV && rc != -ECANCELED) {
		rc = reader_idle(r, as_long_as);
		/* an error is none before samples are wanted again */
		if (rc < 0 && rc != -ENODEV && rc != -ECANCELED)
			rc = reader_sleep(r, IDLE_RETRY_MS);
	}
	return rc == -ENODEV || rc == -ECANCELED ? rc : 0;
}

static int reader_pause(struct reader *r)
{
	int rc = reader_command(r, "\ncmdo\n");

	if (rc == 0)
		rc = reader_drain(r);
	reader_report(r, READER_PAUSED, "not needed now");
	return rc == -ENODEV || rc == -ECANCELED ? rc
						 : reader_rest(r, &r->paused);
}

static const char *reader_trouble(int err)
{
	switch (err) {
	case -ETIMEDOUT:
		return "silence";
	case -EPIPE:
		return "endpoint halted";
	case -EOVERFLOW:
		return "oversized packet";
	case -EBUSY:
		return "does not pause";
	}
	return "transfer failed";
}

static void reader_report_rung(struct reader *r, enum rung rung, int err)
{
	char text[RAWMSG_TEXT_MAX];

	snprintf(text, sizeof(text), "%s: %s (%d of %d)", reader_trouble(err),
		 rung_text[rung], (int)rung, RUNGS - 1);
	reader_report(r, READER_RECOVERING, text);
}

static int reader_fail(struct reader *r, int err)
{
	if (err == -ETIMEDOUT)
		reader_set_why(r, "silence after every means of recovery: "
				  "the noise source may be dead; unplug the "
				  "device and plug it in again");
	else
		reader_set_why(r,
			       "%s after every means of recovery: unplug "
			       "the device and plug it in again",
			       reader_trouble(err));
	return -EIO;
}

int reader_stream(struct reader *r)
{
	size_t discard = DISCARD_OPEN;
	enum rung rung = RUNG_NONE;
	int64_t since_ms = 0;
	int rc;

	/* the core judges the image first */
	rc = reader_rest(r, &r->waiting);
	if (rc < 0)
		return rc;
	for (;;) {
		rc = r->paused ? reader_pause(r) : reader_climb(r, rung);
		/* RUN behind PAUSE is one start, not two */
		r->restart = false;
		if (rc == 0 && !r->paused)
			rc = reader_start(r, discard);
		since_ms = role_now_ms();
		if (rc == 0 && !r->paused)
			rc = reader_run(r);
		if (rc == -ENODEV || rc == -ECANCELED || rc == -ESTALE)
			return rc;
		discard = DISCARD_RESUME;
		if (rc == 0 || role_now_ms() - since_ms > STEADY_MS)
			rung = RUNG_NONE;
		if (rc == 0)
			continue;
		if (++rung == RUNGS)
			return reader_fail(r, rc);
		reader_report_rung(r, rung, rc);
	}
}
