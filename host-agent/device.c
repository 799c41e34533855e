#include "host-agent/device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "common/log.h"
#include "host-agent/device_priv.h"
#include "host-agent/pool.h"

uint64_t device_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

void device_enter(struct device *d, enum device_state state, const char *detail)
{
	if (d->state == state && !strcmp(d->detail, detail))
		return;
	d->state = state;
	snprintf(d->detail, sizeof(d->detail), "%s", detail);
	(state == DEVICE_FAILED ? log_err : log_info)(
		"%s: %s%s%s", d->name, device_state_name(state),
		*detail ? ": " : "", detail);
	d->env->changed(d->env->ctx);
}

void device_tell(struct device *d, enum rawmsg_type type)
{
	int r;

	/* it waits for the next program */
	if (d->leaving && type == RAWMSG_RUN)
		return;
	r = child_send(&d->reader, type);
	d->pausing = type == RAWMSG_PAUSE;
	/* full: it has not read for long; its silence ends it */
	if (r < 0 && r != -EPIPE)
		log_warn("%s: reader does not listen: %s", d->name,
			 strerror(-r));
}

static struct sampler_conf device_sampler_conf(const struct device *d)
{
	return (struct sampler_conf){
		.h_byte_millibits = d->own_h_byte ? d->own_h_byte
						  : d->env->h_byte_millibits,
		.h_bit_millibits = d->own_h_bit ? d->own_h_bit
						: d->env->h_bit_millibits,
		.device = d->number,
	};
}

int device_make_sampler(struct device *d)
{
	struct sampler_conf conf = device_sampler_conf(d);
	struct sampler *made = sampler_new(&conf, d->env->pool);
	struct sampler_stats st;

	if (!made)
		return -errno;
	/* the board stays as it is, whatever H is */
	if (d->sampler) {
		sampler_stats(d->sampler, &st);
		sampler_set_baseline(made, &st.trend->base);
	}
	sampler_free(d->sampler);
	d->sampler = made;
	d->h_byte_millibits = conf.h_byte_millibits;
	d->h_bit_millibits = conf.h_bit_millibits;
	return 0;
}

void device_begin(struct device *d)
{
	d->asked_us = 0;
	d->leaving = false;
	d->heard_us = device_now_us();
	d->next_seq = 0;
	d->stale = false;
	d->failing = false;
	sampler_reset(d->sampler);
	d->final = false;
	d->pausing = false;
	d->stopping = false;
	d->rearrived = false;
	device_firmware_forget(&d->firmware);
}

void device_open(struct device *d)
{
	if (device_stays_failed(d))
		return;
	if (!d->sampler && device_make_sampler(d) < 0) {
		device_enter(d, DEVICE_FAILED,
			     "no locked memory: raise LimitMEMLOCK=");
		child_restart_later(&d->reader);
		return;
	}
	device_begin(d);
	if (child_start(&d->reader,
			d->kind == DEVICE_HWRNG ? "hwrng-reader" : "reader",
			d->port) < 0)
		child_restart_later(&d->reader);
}

static void device_due(void *owner)
{
	device_open(owner);
}

void device_selftest_ended(struct device *d, enum device_selftest how)
{
	if (d->selftest != DEVICE_SELFTEST_RUNNING)
		return;
	d->selftest = how;
	log_info("%s: self-test: %s", d->name, device_selftest_name(how));
}

static void device_samples(struct device *d, const struct rawmsg *m)
{
	struct sampler_stats st;

	d->raw_bytes += m->len;
	if (m->seq > d->next_seq && d->next_seq)
		d->lost_samples += m->seq - d->next_seq;
	d->next_seq = m->seq + m->len;
	if (d->stale || d->final || !device_admitted(d))
		return;
	if (sampler_feed(d->sampler, m->u.samples, m->len) < 0) {
		device_hold(d);
		return;
	}
	if (d->state == DEVICE_STARTING) {
		sampler_stats(d->sampler, &st);
		if (st.state == SAMPLER_RUNNING) {
			child_is_well(&d->reader);
			device_selftest_ended(d, DEVICE_SELFTEST_OK);
			device_enter(d, DEVICE_RUNNING, "");
		}
	}
	d->env->changed(d->env->ctx);
}

/* What is in flight from before a break is not continued after it. */
static void device_break(struct device *d)
{
	d->stale = false;
	d->next_seq = 0;
	sampler_reset(d->sampler);
}

/* Nothing of a device that is not there is served. */
void device_leave(struct device *d, const char *text)
{
	/* a hwrng's reader waits for it to come back */
	if (d->kind != DEVICE_HWRNG || d->stopping)
		child_stop(&d->reader);
	d->driver[0] = '\0';
	d->asked_us = 0;
	d->failing = false;
	d->renew = false;
	device_firmware_forget(&d->firmware);
	device_selftest_ended(d, DEVICE_SELFTEST_FAILED);
	if (d->sampler) {
		sampler_reset(d->sampler);
		sampler_forget_trend(d->sampler); /* another may come */
		sampler_forget_blocks(d->sampler);
	}
	d->raw_rate = 0;
	pool_wipe_device(d->env->pool, d->number);
	device_enter(d, DEVICE_GONE, text);
	if (d->rearrived && !d->stopping) {
		device_recall(d);
		device_open(d);
	}
}

/* What a reader says of a stream that was not asked for counts for nothing. */
static bool device_too_early(const struct device *d, uint32_t state)
{
	return !device_admitted(d) &&
	       (state == READER_RUNNING || state == READER_PAUSED ||
		state == READER_RECOVERING);
}

static void device_reader_state(struct device *d, const struct rawmsg *m)
{
	size_t len = m->len - sizeof(m->u.state.s);
	char text[RAWMSG_TEXT_MAX + 1];

	if (device_too_early(d, m->u.state.s.state))
		return;
	memcpy(text, m->u.state.text, len);
	text[len] = '\0';
	switch ((enum reader_state)m->u.state.s.state) {
	case READER_OPENING:
		/* it may be another device since it was reset */
		device_firmware_forget(&d->firmware);
		device_enter(d, DEVICE_OPENING, text);
		break;
	case READER_CHECKING:
		if (d->kind == DEVICE_HWRNG)
			snprintf(d->driver, sizeof(d->driver), "%s", text);
		device_enter(d, DEVICE_CHECKING, text);
		break;
	case READER_RUNNING:
		device_break(d);
		device_enter(d, DEVICE_STARTING, text);
		break;
	case READER_PAUSED:
		/* it was told to run since */
		if (!d->pausing)
			break;
		device_break(d);
		d->paused_us = device_now_us();
		device_enter(d, DEVICE_PAUSED, text);
		break;
	case READER_RECOVERING:
		device_enter(d, DEVICE_RECOVERING, text);
		break;
	case READER_FAILED:
		device_enter(d, DEVICE_FAILED, text);
		break;
	case READER_GONE:
		/* of a OneRNG the watcher's word counts, or its instance */
		if (d->kind == DEVICE_HWRNG)
			device_forget(d);
		/* a hwrng's reader says it again and again */
		if (d->state == DEVICE_GONE)
			device_enter(d, DEVICE_GONE, text);
		else
			device_leave(d, text);
		break;
	case READER_STATES:
		break;
	}
}

static void device_identify(struct device *d, const struct rawmsg *m)
{
	d->ident = m->u.ident;
	d->identified = true;
	if (d->kind == DEVICE_ONERNG)
		device_name_unit(d, d->ident.id);
	explicit_bzero(d->ident.id, sizeof(d->ident.id));
	if (d->final || d->stopping || d->kind == DEVICE_HWRNG)
		return;
	device_enter(d, DEVICE_CHECKING, "verifying the firmware's signature");
	device_firmware_check(&d->firmware, m, d->env->firmware);
}

/* Nothing that it made is served; STOP gives it back to the kernel. */
static void device_firmware_refused(struct device *d)
{
	char why[RAWMSG_TEXT_MAX + 1];

	pool_wipe_device(d->env->pool, d->number);
	device_tell(d, RAWMSG_STOP);
	d->final = true;
	snprintf(why, sizeof(why), "firmware refused: %.*s",
		 (int)sizeof(why) - 20, d->firmware.why);
	device_enter(d, DEVICE_FAILED, why);
}

static void device_firmware_done(void *owner)
{
	struct device *d = owner;

	if (!device_firmware_passed(&d->firmware)) {
		device_firmware_refused(d);
		return;
	}
	if (d->firmware.state == DEVICE_FIRMWARE_GOOD)
		log_info("%s: firmware %u: %s", d->name, d->firmware.version,
			 d->firmware.why);
	else
		log_warn("%s: firmware %u UNVERIFIED: %s", d->name,
			 d->firmware.version, d->firmware.why);
	d->stale = true;
	device_tell(d, RAWMSG_RUN);
	d->env->changed(d->env->ctx);
}

/* The configuration or the keyring is another: none of it counts till then. */
static void device_check_again(struct device *d)
{
	sampler_reset(d->sampler);
	pool_wipe_device(d->env->pool, d->number);
	device_enter(d, DEVICE_CHECKING, "verifying the firmware's signature");
	device_firmware_again(&d->firmware, d->env->firmware);
}

static void device_message(void *owner, const struct rawmsg *m)
{
	struct device *d = owner;

	d->heard_us = device_now_us();
	if (d->asked_us && !device_answered(d, m))
		return;
	if (m->type == RAWMSG_SAMPLES) {
		device_samples(d, m);
	} else if (m->type == RAWMSG_IDENT) {
		device_identify(d, m);
	} else if (m->type == RAWMSG_STATE) {
		if (d->failing)
			device_health_settled(d);
		/* on its way out, a failed device can only depart */
		if (!d->final || m->u.state.s.state == READER_GONE)
			device_reader_state(d, m);
	}
}

static void device_reader_ended(void *owner, int status)
{
	struct device *d = owner;
	char why[64];

	if (d->failing)
		device_health_settled(d);
	sampler_reset(d->sampler);
	d->raw_rate = 0;
	if (d->final)
		return;
	if (d->asked_us && !d->stopping) {
		log_warn("%s: its reader ended: started anew", d->name);
		device_open(d);
		return;
	}
	device_firmware_forget(&d->firmware);
	if (d->stopping) {
		device_leave(d, d->released[0] ? "released" : "not used");
		return;
	}
	if (d->state != DEVICE_FAILED) {
		if (WIFSIGNALED(status))
			snprintf(why, sizeof(why), "reader killed by signal %d",
				 WTERMSIG(status));
		else
			snprintf(why, sizeof(why), "reader exited with %d",
				 WEXITSTATUS(status));
		device_enter(d, DEVICE_FAILED, why);
	}
	child_restart_later(&d->reader);
}

static const struct child_ops reader_ops = {
	.message = device_message,
	.ended = device_reader_ended,
	.due = device_due,
};

void device_init(struct device *d, const struct device_env *env,
		 unsigned int number, const char *port)
{
	memset(d, 0, sizeof(*d));
	d->env = env;
	d->number = number;
	d->state = DEVICE_GONE;
	device_set_label(d, NULL);
	snprintf(d->port, sizeof(d->port), "%s", port);
	child_init(&d->reader, &env->child, &reader_ops, d);
	device_firmware_init(&d->firmware, env->child.base,
			     device_firmware_done, d);
}

void device_fini(struct device *d)
{
	child_stop(&d->reader);
	device_firmware_forget(&d->firmware);
	sampler_free(d->sampler);
	d->sampler = NULL;
}

void device_arrived(struct device *d)
{
	if (d->released[0])
		return;
	/* a new watcher reports all that are there, also what did not leave */
	if (d->final && d->state == DEVICE_FAILED) {
		if (!device_was_replaced(d))
			return;
		device_departed(d);
	}
	/* its reader will find out that the one it has is gone */
	if (d->state != DEVICE_GONE && d->reader.pid && !d->stopping) {
		d->rearrived = true;
		return;
	}
	if (d->kind == DEVICE_HWRNG)
		log_info("%s: reads %s", d->name, d->port);
	else
		log_info("%s: arrived at port %s", d->name, d->port);
	d->identified = false;
	device_recall(d);
	if (device_stays_failed(d))
		return;
	device_enter(d, DEVICE_OPENING, "");
	device_open(d);
}

void device_departed(struct device *d)
{
	device_forget(d);
	d->rearrived = false;
	if (d->state != DEVICE_GONE)
		device_leave(d, "the device departed");
}

int device_reload(struct device *d)
{
	struct sampler_conf conf = device_sampler_conf(d);
	bool same = d->h_byte_millibits == conf.h_byte_millibits &&
		    d->h_bit_millibits == conf.h_bit_millibits;
	int r;

	if (!d->sampler || d->released[0])
		return 0; /* is not used */
	r = same ? 0 : device_make_sampler(d);
	if (r < 0)
		return r;
	if (d->verdict.final)
		return 0; /* it was not this that failed */
	if (d->state == DEVICE_FAILED) {
		device_enter(d, DEVICE_OPENING, "");
		device_open(d);
	} else if (device_firmware_outdated(&d->firmware, d->env->firmware)) {
		device_check_again(d);
	} else if (!same && device_admitted(d)) {
		d->stale = true;
		device_tell(d, RAWMSG_RUN);
	}
	return 0;
}

void device_stop(struct device *d)
{
	d->stopping = true;
	d->asked_us = 0;
	d->leaving = false;
	d->rearrived = false;
	device_firmware_forget(&d->firmware);
	if (d->reader.pid)
		device_tell(d, RAWMSG_STOP);
	else if (d->kind == DEVICE_HWRNG)
		device_leave(d, "not used");
	else
		child_stop(&d->reader);
}

void device_pause(struct device *d)
{
	if (d->state == DEVICE_RUNNING && !d->pausing)
		device_tell(d, RAWMSG_PAUSE);
}

void device_wake(struct device *d)
{
	if (d->pausing)
		device_tell(d, RAWMSG_RUN);
}

static void test_anew(struct device *d, const char *why)
{
	sampler_reset(d->sampler);
	d->stale = true;
	device_tell(d, RAWMSG_RUN);
	device_enter(d, DEVICE_STARTING, why);
}

int device_selftest(struct device *d)
{
	if (d->state != DEVICE_RUNNING && d->state != DEVICE_PAUSED)
		return -EAGAIN;
	d->selftest = DEVICE_SELFTEST_RUNNING;
	test_anew(d, "self-test on demand");
	return 0;
}

void device_slept(struct device *d)
{
	if (d->state == DEVICE_RUNNING && !d->pausing)
		test_anew(d, "the machine slept");
}

void device_tick(struct device *d, uint64_t now)
{
	if (d->asked_us && now - d->asked_us > DEVICE_ADOPT_US) {
		log_warn("%s: its reader does not answer: started anew",
			 d->name);
		device_open(d);
	}
	device_follow_trend(d);
	if (now > d->rate_us)
		d->raw_rate = (d->raw_bytes - d->rate_bytes) * 1000000 /
			      (now - d->rate_us);
	d->rate_bytes = d->raw_bytes;
	d->rate_us = now;
	if (d->state == DEVICE_PAUSED) {
		if (now - d->paused_us > DEVICE_WAKE_US)
			device_wake(d);
	} else if (d->reader.pid && now - d->heard_us > DEVICE_SILENCE_US) {
		log_err("%s: reader says nothing: killed", d->name);
		child_kill(&d->reader);
	}
}

bool device_reaped(struct device *d, pid_t pid, int status)
{
	return child_reaped(&d->reader, pid, status) ||
	       device_firmware_reaped(&d->firmware, pid, status);
}
