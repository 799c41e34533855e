/*
 * device_verdict.c - a health test failed: for now, too often, or for good
 *
 * What counts against a device is kept for the next process before anything
 * else is done (verdicts.h), and is forgotten when the device departs or the
 * operator claims it.  A reload, a self-test, a release and more data do not.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/log.h"
#include "host-agent/device_priv.h"
#include "host-agent/pool.h"

#define SYSFS_DEVICES "/sys/bus/usb/devices"

static void remember(struct device *d)
{
	verdicts_note(d->env->verdicts, d->port, d->instance, &d->verdict);
}

/* Its link there is made at each arrival; 0: it cannot be seen. */
static uint64_t look_for_instance(const struct device *d)
{
	char path[sizeof(SYSFS_DEVICES) + LABEL_PLACE_MAX];
	struct stat st;

	if (d->kind == DEVICE_HWRNG)
		return 0;
	snprintf(path, sizeof(path), SYSFS_DEVICES "/%s", d->port);
	return lstat(path, &st) < 0 ? 0 : st.st_ino;
}

bool device_was_replaced(const struct device *d)
{
	uint64_t instance = look_for_instance(d);

	return instance && d->instance && instance != d->instance;
}

void device_recall(struct device *d)
{
	d->instance = look_for_instance(d);
	memset(&d->verdict, 0, sizeof(d->verdict));
	verdicts_recall(d->env->verdicts, d->port, d->instance, &d->verdict);
}

void device_forget(struct device *d)
{
	verdicts_forget(d->env->verdicts, d->port);
	memset(&d->verdict, 0, sizeof(d->verdict));
}

bool device_stays_failed(struct device *d)
{
	const struct verdict *v = &d->verdict;
	char why[RAWMSG_TEXT_MAX];

	if (!v->final)
		return false;
	d->final = true;
	/* status has figures of it, as far as there is memory */
	if (!d->sampler)
		(void)device_make_sampler(d);
	snprintf(why, sizeof(why),
		 "health test %s%s: %sonerngctl device claim %s", v->why,
		 v->before ? ", before a restart" : "",
		 d->kind == DEVICE_HWRNG ? "" : "replug it, or ", d->port);
	device_enter(d, DEVICE_FAILED, why);
	return true;
}

bool device_forgive(struct device *d)
{
	if (!d->verdict.final || d->state != DEVICE_FAILED || d->released[0])
		return false;
	log_info("%s: claimed: what failed is forgiven: %s", d->name,
		 d->verdict.why);
	device_forget(d);
	d->final = false;
	if (d->sampler)
		sampler_forget_trend(d->sampler);
	device_enter(d, DEVICE_OPENING, "");
	device_open(d);
	return true;
}

static void condemn(struct device *d, const char *why)
{
	snprintf(d->verdict.why, sizeof(d->verdict.why), "%s", why);
	d->verdict.final = true;
	d->verdict.before = false;
	d->verdict.at_s = time(NULL);
}

/*
 * It is known how bad the failure is, or will not be known any more: at the
 * permanent level once is enough.
 */
void device_health_settled(struct device *d)
{
	struct sampler_stats st;
	char why[VERDICTS_WHY_MAX];

	d->failing = false;
	sampler_stats(d->sampler, &st);
	if (st.permanent) {
		snprintf(why, sizeof(why), "%s failed for good",
			 sampler_test_name(st.failed_test));
		condemn(d, why);
		remember(d);
	}
	if (d->verdict.final) {
		device_tell(d, RAWMSG_STOP);
		device_stays_failed(d);
		return;
	}
	sampler_reset(d->sampler);
	d->stale = true;
	device_tell(d, RAWMSG_RUN);
}

/* A kill before it is settled finds it counted. */
static void count_failure(struct device *d, const struct sampler_stats *st)
{
	char why[VERDICTS_WHY_MAX];

	if (failures_add(&d->verdict.failures, device_now_us())) {
		snprintf(why, sizeof(why), "%s failed %d times within an hour",
			 sampler_test_name(st->failed_test), FAILURES_MAX + 1);
		condemn(d, why);
	}
	remember(d);
}

/* SP 800-90B 4.3: nothing made from what came near the failure is served. */
static void health_failed(struct device *d)
{
	struct sampler_stats st;
	size_t blocks = pool_blocks(d->env->pool);
	char why[RAWMSG_TEXT_MAX];

	d->failing = true;
	device_selftest_ended(d, DEVICE_SELFTEST_FAILED);
	sampler_stats(d->sampler, &st);
	pool_wipe_device(d->env->pool, d->number);
	blocks -= pool_blocks(d->env->pool);
	count_failure(d, &st);
	log_err("%s: health test %s failed at sample %llu: %zu blocks wiped",
		d->name, sampler_test_name(st.failed_test),
		(unsigned long long)st.failed_at, blocks);
	snprintf(why, sizeof(why), "health test %s failed: start-up test again",
		 sampler_test_name(st.failed_test));
	if (!st.permanent)
		device_enter(d, DEVICE_STARTING, why);
}

void device_hold(struct device *d)
{
	struct sampler_stats st;

	if (!d->failing)
		health_failed(d);
	sampler_stats(d->sampler, &st);
	if (st.settled)
		device_health_settled(d);
}
