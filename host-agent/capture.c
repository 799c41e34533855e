/*
 * capture.c - from the sampler's windows to a control connection
 *
 * Samples wait for the peer in secmem.  Whatever ends their row (a failed
 * test, a departure, a lost message) is reported from inside the sampler, while
 * the device's state is still the old one; so the last reply is composed by an
 * event of its own.
 */
#include "host-agent/capture.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/log.h"
#include "common/secmem.h"
#include "host-agent/control.h"
#include "host-agent/devset.h"
#include "host-agent/status.h"

#define BUFFER	     (256u << 10) /* four seconds of a OneRNG */
#define REPLY_MAX    8192	  /* kept free for the last reply */
#define FRAME_HEADER 2

struct capture {
	struct event_base *base;
	struct devset *devices;
	int fd; /* -1: none is under way */
	struct event read_ev, write_ev, tick_ev;
	const struct device *device;
	unsigned int number; /* the place may be another device's by now */
	char name[LABEL_MAX];
	uint64_t wanted, got, lost_before;
	unsigned int quiet_s;
	bool ended;		   /* no sample more */
	bool told;		   /* the last reply is in the buffer */
	char why[CONTROL_WHY_MAX]; /* it ended early; empty: see the device */
	uint8_t *buf;		   /* secmem */
	size_t from, to;
};

static bool put(struct capture *c, const void *data, size_t len)
{
	if (BUFFER - c->to < len) {
		memmove(c->buf, c->buf + c->from, c->to - c->from);
		explicit_bzero(c->buf + c->to - c->from, c->from);
		c->to -= c->from;
		c->from = 0;
	}
	if (BUFFER - c->to < len)
		return false;
	memcpy(c->buf + c->to, data, len);
	c->to += len;
	event_add(&c->write_ev, NULL);
	return true;
}

/* Takes the reply; false if it cannot be sent. */
static bool put_reply(struct capture *c, json_t *reply)
{
	char *text = reply ? json_dumps(reply, JSON_COMPACT) : NULL;
	bool ok = text && strlen(text) < REPLY_MAX - FRAME_HEADER &&
		  put(c, text, strlen(text)) && put(c, "\n", 1);

	free(text);
	json_decref(reply);
	return ok;
}

static bool is_there(const struct capture *c)
{
	return c->device->number == c->number;
}

static void detach(struct capture *c)
{
	if (is_there(c) && c->device->sampler)
		sampler_divert(c->device->sampler, NULL, NULL);
}

void capture_drop(struct capture *c)
{
	if (c->fd < 0)
		return;
	detach(c);
	event_del(&c->read_ev);
	event_del(&c->write_ev);
	event_del(&c->tick_ev);
	close(c->fd);
	c->fd = -1;
	secmem_free(c->buf);
	c->buf = NULL;
	log_info("capture: %s: ended after %" PRIu64 " of %" PRIu64 " bytes",
		 c->name, c->got, c->wanted);
}

static void end(struct capture *c, const char *why)
{
	if (c->ended)
		return;
	c->ended = true;
	snprintf(c->why, sizeof(c->why), "%s", why);
	detach(c);
	event_active(&c->tick_ev, EV_TIMEOUT, 0);
}

static bool put_samples(struct capture *c, const uint8_t *raw, size_t len)
{
	const uint8_t header[FRAME_HEADER] = { (uint8_t)(len >> 8),
					       (uint8_t)len };

	return BUFFER - (c->to - c->from) >= len + FRAME_HEADER + REPLY_MAX &&
	       put(c, header, sizeof(header)) && put(c, raw, len);
}

/* A sampler_divert_fn. */
static void capture_window(void *ctx, const uint8_t *raw, size_t len)
{
	struct capture *c = ctx;

	if (!raw) {
		/* a paused device tests itself again before its first one */
		if (c->got)
			end(c, "");
		return;
	}
	if (!c->got)
		c->lost_before = c->device->lost_samples;
	if (c->device->lost_samples != c->lost_before) {
		end(c, "samples were lost on their way from the device: try "
		       "again");
		return;
	}
	if (len > c->wanted - c->got)
		len = c->wanted - c->got;
	if (!put_samples(c, raw, len)) {
		end(c, "the samples are not written as fast as they come");
		return;
	}
	c->got += len;
	c->quiet_s = 0;
	if (c->got == c->wanted)
		end(c, "");
}

static json_t *last_reply(struct capture *c)
{
	if (c->got == c->wanted)
		return json_pack("{s:b, s:{s:o}}", "ok", 1, "result", "device",
				 status_device(c->device));
	if (!c->why[0] && is_there(c))
		snprintf(c->why, sizeof(c->why), "%s: %s%s%s", c->name,
			 device_state_name(c->device->state),
			 c->device->detail[0] ? ": " : "", c->device->detail);
	return json_pack("{s:b, s:s}", "ok", 0, "error",
			 c->why[0] ? c->why
				   : "the device is not used any more");
}

static void capture_tick(evutil_socket_t fd, short what, void *arg)
{
	static const uint8_t no_more[FRAME_HEADER];
	struct capture *c = arg;

	(void)fd;
	(void)what;
	if (++c->quiet_s > CAPTURE_QUIET_S) {
		if (c->ended) {
			capture_drop(c);
			return;
		}
		end(c, "");
	}
	if (!c->ended || c->told)
		return;
	c->told = true;
	c->quiet_s = 0;
	if (!put(c, no_more, sizeof(no_more)) || !put_reply(c, last_reply(c)))
		capture_drop(c);
}

static void capture_writable(evutil_socket_t fd, short what, void *arg)
{
	struct capture *c = arg;
	ssize_t n;

	(void)what;
	n = send(fd, c->buf + c->from, c->to - c->from,
		 MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		capture_drop(c);
		return;
	}
	explicit_bzero(c->buf + c->from, (size_t)n);
	c->from += (size_t)n;
	if (c->from < c->to)
		return;
	c->from = c->to = 0;
	event_del(&c->write_ev);
	if (c->told)
		capture_drop(c);
}

/* A peer has nothing more to say: it left. */
static void capture_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	capture_drop(arg);
}

static const struct device *find(const struct devset *s, const char *name,
				 char *why)
{
	const struct device *d, *found = NULL;
	char shown[80];
	size_t i;

	for (i = 0; i < devset_count(s); i++) {
		d = devset_device(s, i);
		if (name ? !devset_is_named(d, name) : d->state == DEVICE_GONE)
			continue;
		if (found) {
			snprintf(why, CONTROL_WHY_MAX,
				 "which device? see onerngctl status");
			return NULL;
		}
		found = d;
	}
	if (!found)
		snprintf(why, CONTROL_WHY_MAX,
			 "no device %s: see onerngctl status",
			 name ? log_escape(shown, sizeof(shown), name,
					   strlen(name))
			      : "is there");
	return found;
}

/* 0 or -EINVAL with why. */
static int understand(struct capture *c, const json_t *request, char *why)
{
	const char *cmd, *name = NULL;
	json_int_t bytes;

	if (json_unpack((json_t *)(uintptr_t)request, "{s:s, s:I, s?:s !}",
			"cmd", &cmd, "bytes", &bytes, "device", &name) < 0 ||
	    bytes < 1 || bytes > CAPTURE_MAX) {
		snprintf(why, CONTROL_WHY_MAX,
			 "bytes, from 1 to %u, and a device can be given",
			 CAPTURE_MAX);
		return -EINVAL;
	}
	c->device = find(c->devices, name, why);
	if (!c->device)
		return -EINVAL;
	if (c->device->state != DEVICE_RUNNING &&
	    c->device->state != DEVICE_PAUSED) {
		snprintf(why, CONTROL_WHY_MAX, "%s is %s: it has to be running",
			 c->device->name, device_state_name(c->device->state));
		return -EINVAL;
	}
	c->wanted = (uint64_t)bytes;
	return 0;
}

static void listen_to(struct capture *c, int fd)
{
	struct timeval second = { .tv_sec = 1 };

	c->fd = fd;
	event_assign(&c->read_ev, c->base, fd, EV_READ, capture_readable, c);
	event_assign(&c->write_ev, c->base, fd, EV_WRITE | EV_PERSIST,
		     capture_writable, c);
	event_assign(&c->tick_ev, c->base, -1, EV_PERSIST, capture_tick, c);
	event_add(&c->read_ev, NULL);
	event_add(&c->tick_ev, &second);
}

int capture_start(void *capture, int fd, const json_t *request, char *why)
{
	struct capture *c = capture;

	if (capture_is_active(c)) {
		snprintf(why, CONTROL_WHY_MAX, "another capture is under way");
		return -EBUSY;
	}
	if (understand(c, request, why) < 0)
		return -EINVAL;
	c->buf = secmem_alloc(BUFFER);
	if (!c->buf) {
		snprintf(why, CONTROL_WHY_MAX,
			 "no locked memory: raise LimitMEMLOCK=");
		return -ENOMEM;
	}
	c->number = c->device->number;
	memcpy(c->name, c->device->name, sizeof(c->name));
	c->from = c->to = 0;
	c->got = 0;
	c->quiet_s = 0;
	c->ended = c->told = false;
	listen_to(c, fd);
	put_reply(c, json_pack("{s:b, s:{s:I, s:s, s:o}}", "ok", 1, "result",
			       "bytes", (json_int_t)c->wanted, "version",
			       ONERNG_VERSION, "device",
			       status_device(c->device)));
	sampler_divert(c->device->sampler, capture_window, c);
	devset_wake(c->devices);
	log_info("capture: %s: the next %" PRIu64 " bytes go to root alone",
		 c->name, c->wanted);
	return 0;
}

struct capture *capture_new(struct event_base *base, struct devset *devices)
{
	struct capture *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->base = base;
	c->devices = devices;
	c->fd = -1;
	return c;
}

void capture_free(struct capture *c)
{
	if (!c)
		return;
	capture_drop(c);
	free(c);
}

bool capture_is_active(const struct capture *c)
{
	return c->fd >= 0;
}
