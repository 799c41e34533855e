/*
 * device_name.c - what a device is, and what it and its states are called
 */
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "host-agent/device.h"
#include "host-agent/hostconf.h"

const char *device_state_name(enum device_state state)
{
	static const char *const names[DEVICE_STATES] = {
		"opening", "checking",	 "starting", "running",
		"paused",  "recovering", "failed",   "gone",
	};

	return names[state];
}

const char *device_kind_name(enum device_kind kind)
{
	return kind == DEVICE_HWRNG ? "hwrng" : "onerng";
}

const char *device_selftest_name(enum device_selftest s)
{
	static const char *const names[] = {
		[DEVICE_SELFTEST_NONE] = "none",
		[DEVICE_SELFTEST_RUNNING] = "running",
		[DEVICE_SELFTEST_OK] = "ok",
		[DEVICE_SELFTEST_FAILED] = "failed",
	};

	return names[s];
}

bool device_admitted(const struct device *d)
{
	return d->kind == DEVICE_HWRNG || device_firmware_passed(&d->firmware);
}

void device_init_hwrng(struct device *d, const struct device_env *env,
		       unsigned int number, const struct hostconf_hwrng *conf)
{
	device_init(d, env, number, conf->path);
	d->kind = DEVICE_HWRNG;
	device_use_hwrng(d, conf);
}

void device_use_hwrng(struct device *d, const struct hostconf_hwrng *conf)
{
	d->own_h_byte = conf->h_byte_millibits;
	d->own_h_bit = conf->h_bit_millibits;
	device_set_label(d, conf->label);
}

void device_set_label(struct device *d, const char *label)
{
	char was[LABEL_MAX];

	memcpy(was, d->name, sizeof(was));
	if (label)
		snprintf(d->name, sizeof(d->name), "%s", label);
	else
		snprintf(d->name, sizeof(d->name), "onerng%u", d->number);
	if (was[0] && strcmp(was, d->name) && d->state != DEVICE_GONE)
		log_info("%s: is called %s from now on", was, d->name);
}
