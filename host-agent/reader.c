/*
 * reader.c - the process that owns one OneRNG
 *
 *   opening ─▶ checking ─▶ running ◀──▶ recovering ──▶ failed
 *                             ▲  │
 *                             │  ▼          departure at any time ──▶ gone
 *                            paused
 *
 * Nothing of an image, a reply, a burst behind one or an earlier owner's pool
 * is ever sent as a sample.  Every blocking call is bounded, so that the
 * device is given back within a second of being asked for.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/secmem.h"
#include "host-agent/lockdown.h"
#include "host-agent/reader.h"
#include "host-agent/reader_priv.h"

#define OPENS_MAX 3 /* after resets that made the device a new one */

void reader_set_why(struct reader *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->why, sizeof(r->why), fmt, ap);
	va_end(ap);
}

void reader_report(struct reader *r, enum reader_state state, const char *text)
{
	log_debug("onerng %s: state %d: %s", r->port, (int)state, text);
	if (rawmsg_send_state(RAWMSG_FD, state, text) < 0)
		r->stop = true;
}

static void reader_obey(struct reader *r, const struct rawmsg *m)
{
	r->waiting = false;
	switch (m->type) {
	case RAWMSG_RUN:
		r->paused = false;
		r->restart = true;
		break;
	case RAWMSG_PAUSE:
		r->paused = true;
		break;
	case RAWMSG_IDENTIFY:
		r->paused = true;
		/* a core that knew us before we know the device is none */
		if (reader_identify(r, m->seq) < 0)
			r->stop = true;
		break;
	default: /* RAWMSG_STOP, and what no core would send */
		r->stop = true;
	}
}

int reader_attend(struct reader *r, int timeout_ms)
{
	struct pollfd pfd[ROLE_FDS];
	int rc;

	for (size_t i = 0; i < ROLE_FDS; i++)
		pfd[i] = (struct pollfd){ .fd = r->fds[i], .events = POLLIN };
	rc = r->stop ? 0 : poll(pfd, ROLE_FDS, timeout_ms);
	if (rc < 0 && errno != EINTR)
		r->stop = true;
	if (rc > 0 && pfd[1].revents)
		r->stop = true;
	if (rc > 0 && pfd[0].revents) {
		if (rawmsg_recv(RAWMSG_FD, r->msg) == 1)
			reader_obey(r, r->msg);
		else
			r->stop = true;
	}
	return r->stop ? -ECANCELED : 0;
}

int reader_sleep(struct reader *r, int ms)
{
	int64_t end_ms = role_now_ms() + ms;
	int rc = 0;

	while (rc == 0 && ms > 0) {
		rc = reader_attend(r, ms);
		ms = (int)(end_ms - role_now_ms());
	}
	return rc;
}

/* What an orderly end leaves behind: as after power-on, and with its driver. */
static void reader_close(struct reader *r)
{
	if (!r->usb)
		return;
	usb_stream_stop(r->usb);
	/* no reply to wait for: a failure here is the next owner's to find */
	if (usb_write(r->usb, "\ncmdo\ncmd4\ncmdw\n") != -ENODEV)
		usb_set_line(r->usb, false);
	usb_close(r->usb);
	r->usb = NULL;
}

/* From open to the end of the device's service. */
static int reader_serve(struct reader *r)
{
	int rc = -ESTALE;

	for (int opens = 0; rc == -ESTALE && opens < OPENS_MAX; opens++) {
		rc = reader_open(r);
		if (rc == 0)
			rc = reader_stream(r);
		reader_close(r);
	}
	if (rc == -ESTALE)
		reader_set_why(r, "becomes a new device at every reset: try "
				  "another port or cable");
	return rc;
}

/* Tells the core why; returns the exit status. */
static int reader_end(struct reader *r, int rc)
{
	switch (rc) {
	case -ECANCELED:
		return 0;
	case -ENODEV:
		reader_report(r, READER_GONE, "the device departed");
		return 0;
	}
	if (!r->why[0])
		reader_set_why(r, "%s", usb_advice(rc));
	reader_report(r, READER_FAILED, r->why);
	return 1;
}

int reader_main(const char *port, enum sandbox_mode sandbox)
{
	struct reader r = { .port = port,
			    .fds = { RAWMSG_FD, -1 },
			    .image_fd = -1 };
	int rc;

	if (!rawmsg_port_valid(port)) {
		log_err("reader: port %s: not BUS-PORT[.PORT]", port);
		return 2;
	}
	r.fds[1] = role_enter();
	if (r.fds[1] < 0) {
		log_err("reader: cannot lock down: %s", strerror(-r.fds[1]));
		return 1;
	}
	if (lockdown_reader(sandbox) < 0)
		return 1;
	r.buf = secmem_alloc(READER_BUF);
	r.msg = secmem_alloc(sizeof(*r.msg));
	if (r.buf && r.msg) {
		rc = reader_serve(&r);
	} else {
		reader_set_why(&r, "no locked memory: raise LimitMEMLOCK");
		rc = -ENOMEM;
	}
	rc = reader_end(&r, rc);
	reader_forget_image(&r);
	secmem_free(r.msg);
	secmem_free(r.buf);
	return rc;
}
