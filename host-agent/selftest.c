#include "host-agent/selftest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/log.h"
#include "host-agent/control.h"
#include "host-agent/devset.h"
#include "host-agent/faultlab.h"
#include "host-agent/status.h"

#define FAULT_MAX 32   /* bytes of a fault's name */
#define GAP_US	  1000 /* between two steps */

struct selftest {
	const struct status *status;
	struct faultlab *lab; /* NULL: none is under way */
	char fault[FAULT_MAX];
	int fd; /* of who waits for it */
	struct event step_ev;
};

static json_t *injected(const char *fault, const struct faultlab_result *r)
{
	return json_pack("{s:s, s:b, s:s, s:I, s:I, s:I, s:b, s:I}", "fault",
			 fault, "detected", r->detected, "test",
			 r->detected ? sampler_test_name(r->test) : "none",
			 "after", (json_int_t)r->after, "passed",
			 (json_int_t)r->passed, "released",
			 (json_int_t)r->released, "permanent", r->permanent,
			 "samples", (json_int_t)FAULTLAB_SAMPLES);
}

static json_t *start(const struct status *s, const char *name, char *why)
{
	json_t *names = json_array();
	size_t i;

	for (i = 0; i < devset_count(s->devices); i++) {
		const struct device *d = devset_device(s->devices, i);

		if (!devset_is_named(d, name))
			continue;
		if (devset_selftest(s->devices, i) == 0)
			json_array_append_new(names, json_string(d->name));
	}
	if (json_array_size(names))
		return json_pack("{s:o}", "started", names);
	json_decref(names);
	snprintf(why, CONTROL_WHY_MAX, "%s: see onerngctl status",
		 *name ? "no such device, or it does not run"
		       : "no device runs");
	return NULL;
}

/* Who asked reads it in one piece, or has gone. */
static void reply(int fd, json_t *root)
{
	char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
	char line[CONTROL_REQUEST_MAX];
	int n = text ? snprintf(line, sizeof(line), "%s\n", text) : 0;

	if (n <= 0 ||
	    send(fd, line, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) < n)
		log_debug("who asked for a self-test did not wait");
	close(fd);
	free(text);
	json_decref(root);
}

static void end(struct selftest *t)
{
	event_del(&t->step_ev);
	faultlab_free(t->lab);
	t->lab = NULL;
}

static void finish(struct selftest *t, int r)
{
	struct faultlab_result result;

	if (r < 0) {
		reply(t->fd, json_pack("{s:b, s:s}", "ok", 0, "error",
				       "no random bytes for a test instance"));
	} else {
		faultlab_result(t->lab, &result);
		reply(t->fd, json_pack("{s:b, s:o}", "ok", 1, "result",
				       injected(t->fault, &result)));
	}
	end(t);
}

static void on_step(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval gap = { .tv_usec = GAP_US };
	struct selftest *t = arg;
	int r = faultlab_step(t->lab);

	(void)fd;
	(void)what;
	if (r > 0)
		event_add(&t->step_ev, &gap);
	else
		finish(t, r);
}

static int inject(struct selftest *t, int fd, const char *fault, char *why)
{
	const struct sampler_conf conf = {
		.h_byte_millibits = t->status->h_byte_millibits,
		.h_bit_millibits = t->status->h_bit_millibits,
	};

	if (t->lab) {
		snprintf(why, CONTROL_WHY_MAX, "another one is under way");
		return -EBUSY;
	}
	if (strlen(fault) < FAULT_MAX)
		t->lab = faultlab_new(fault, &conf);
	else
		errno = EINVAL;
	if (t->lab) {
		snprintf(t->fault, sizeof(t->fault), "%s", fault);
		t->fd = fd;
		event_active(&t->step_ev, EV_TIMEOUT, 0);
		return 0;
	}
	if (errno == EINVAL)
		snprintf(why, CONTROL_WHY_MAX, "no such fault: give one of %s",
			 FAULTLAB_FAULTS);
	else
		snprintf(why, CONTROL_WHY_MAX,
			 "no memory that can be locked, or no random bytes, "
			 "for a test instance: see LimitMEMLOCK=");
	return -EINVAL;
}

int selftest_answer(void *selftest, int fd, const json_t *request, char *why)
{
	const char *device = "", *fault = NULL;
	struct selftest *t = selftest;
	json_t *started;

	/* jansson's unpacking takes no const, and changes nothing */
	if (json_unpack((json_t *)(uintptr_t)request, "{s?s, s?s}", "device",
			&device, "inject", &fault) < 0) {
		snprintf(why, CONTROL_WHY_MAX,
			 "device and inject are names, as strings");
		return -EINVAL;
	}
	if (fault)
		return inject(t, fd, fault, why);
	started = start(t->status, device, why);
	if (!started)
		return -ENOENT;
	reply(fd, json_pack("{s:b, s:o}", "ok", 1, "result", started));
	return 0;
}

struct selftest *selftest_new(struct event_base *base, const struct status *s)
{
	struct selftest *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->status = s;
	event_assign(&t->step_ev, base, -1, 0, on_step, t);
	return t;
}

void selftest_free(struct selftest *t)
{
	if (!t)
		return;
	if (t->lab) {
		close(t->fd);
		end(t);
	}
	free(t);
}
