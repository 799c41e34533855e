#include "host-agent/status.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/fips.h"
#include "common/health.h"
#include "common/log.h"
#include "common/rngdstat.h"
#include "host-agent/devset.h"
#include "host-agent/domwatch.h"
#include "host-agent/egd_pub.h"
#include "host-agent/hostconf_files.h"
#include "host-agent/pool.h"
#include "host-agent/status_consumer.h"
#include "host-agent/status_firmware.h"
#include "host-agent/status_trend.h"

static json_t *count(uint64_t n)
{
	return status_count(n);
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* A status that lacks a field is no status: NULL goes up to the reply. */
static json_t *status_fips(const struct fips *f)
{
	static const char *const names[FIPS_TESTS] = {
		"monobit", "poker", "runs", "long-run", "continuous",
	};
	json_t *o = json_object();
	int i;

	json_object_set_new(o, "blocks", count(f->blocks));
	json_object_set_new(o, "failures", count(f->failures));
	for (i = 0; i < FIPS_TESTS; i++)
		json_object_set_new(o, names[i], count(f->failed[i]));
	return o;
}

static const char *verdict_name(enum sampler_state state)
{
	switch (state) {
	case SAMPLER_STARTING:
		return "startup";
	case SAMPLER_RUNNING:
		return "ok";
	case SAMPLER_FAILED:
		break;
	}
	return "failed";
}

static json_t *status_last_failure(const struct sampler_stats *st)
{
	if (st->failed_test == SAMPLER_TESTS)
		return json_null();
	return json_pack(
		"{s:s, s:o, s:o, s:o, s:b}", "test",
		sampler_test_name(st->failed_test), "at", count(st->failed_at),
		"sample", count(st->failed_sample), "released",
		count(st->failed_released), "permanent", st->permanent);
}

/* A failure that holds it until it departs or is claimed. */
static json_t *status_final(const struct verdict *v)
{
	if (!v->final)
		return json_null();
	return json_pack("{s:s, s:o, s:b}", "reason", v->why, "at",
			 json_integer(v->at_s), "before_restart", v->before);
}

static json_t *status_health(const struct device *d)
{
	json_t *o = json_object(), *failures = json_object();
	struct sampler_stats st;
	unsigned int t;

	sampler_stats(d->sampler, &st);
	for (t = 0; t < SAMPLER_TESTS; t++)
		json_object_set_new(failures, sampler_test_name(t),
				    count(st.failures[t]));
	json_object_set_new(o, "verdict",
			    json_string(d->verdict.final
						? "failed"
						: verdict_name(st.state)));
	json_object_set_new(o, "final", status_final(&d->verdict));
	json_object_set_new(
		o, "failures_within_hour",
		count(failures_recent(&d->verdict.failures, now_us())));
	json_object_set_new(o, "failed_test",
			    json_string(sampler_test_name(st.failed_test)));
	json_object_set_new(o, "last_failure", status_last_failure(&st));
	json_object_set_new(o, "failures", failures);
	json_object_set_new(o, "samples", count(st.samples));
	json_object_set_new(o, "reset_at", count(st.reset_samples));
	json_object_set_new(o, "startup_samples", count(st.startup_samples));
	json_object_set_new(o, "conditioned", count(st.conditioned_samples));
	json_object_set_new(o, "wiped", count(st.wiped_samples));
	json_object_set_new(o, "surplus", count(st.surplus_samples));
	json_object_set_new(o, "captured", count(st.captured_samples));
	json_object_set_new(o, "resets", count(st.resets));
	json_object_set_new(o, "fips", status_fips(st.fips));
	json_object_set_new(o, "selftest",
			    json_string(device_selftest_name(d->selftest)));
	json_object_set_new(o, "trend", status_trend_json(st.trend));
	return o;
}

/* What a OneRNG says of itself; a hwrng has no firmware that could be seen. */
static void status_ident(json_t *o, const struct device *d)
{
	if (d->kind == DEVICE_HWRNG) {
		json_object_set_new(o, "driver", json_string(d->driver));
		return;
	}
	json_object_set_new(o, "firmware", json_integer(d->ident.firmware));
	json_object_set_new(o, "unit", json_string(d->unit));
	json_object_set_new(o, "image_sha256", status_firmware_hash(d));
	json_object_set_new(o, "firmware_check", status_firmware_check(d));
}

/* Blocks that it made, and what of them went to consumers. */
static void status_made(json_t *o, const struct device *d)
{
	struct pool_device_stats st;

	pool_device_stats(d->env->pool, d->number, &st);
	json_object_set_new(o, "blocks", count(st.blocks_put));
	json_object_set_new(o, "blocks_wiped", count(st.blocks_wiped));
	json_object_set_new(o, "bytes_served",
			    count(st.blocks_taken * POOL_BLOCK));
}

json_t *status_device(const struct device *d)
{
	json_t *o = json_object();

	json_object_set_new(o, "kind", json_string(device_kind_name(d->kind)));
	json_object_set_new(o, "name", json_string(d->name));
	json_object_set_new(o, "port", json_string(d->port));
	json_object_set_new(o, "state",
			    json_string(d->released[0]
						? "released"
						: device_state_name(d->state)));
	json_object_set_new(
		o, "detail",
		json_string(d->released[0] ? d->released : d->detail));
	status_ident(o, d);
	json_object_set_new(o, "raw_bytes", count(d->raw_bytes));
	json_object_set_new(o, "raw_rate", count(d->raw_rate));
	json_object_set_new(o, "lost_samples", count(d->lost_samples));
	status_made(o, d);
	if (d->sampler) {
		json_object_set_new(o, "h_byte_millibits",
				    json_integer(d->h_byte_millibits));
		json_object_set_new(o, "h_bit_millibits",
				    json_integer(d->h_bit_millibits));
	}
	if (d->sampler)
		json_object_set_new(o, "health", status_health(d));
	return o;
}

static json_t *status_devices(const struct devset *s)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; i < devset_count(s); i++)
		json_array_append_new(a, status_device(devset_device(s, i)));
	return a;
}

static json_t *status_pool(const struct pool *p)
{
	json_t *o = json_object();
	struct pool_stats st;

	pool_stats(p, &st);
	json_object_set_new(o, "bytes", count(pool_blocks(p) * POOL_BLOCK));
	json_object_set_new(o, "capacity",
			    count(pool_capacity(p) * POOL_BLOCK));
	json_object_set_new(o, "blocks_put", count(st.blocks_put));
	json_object_set_new(o, "blocks_taken", count(st.blocks_taken));
	json_object_set_new(o, "blocks_refused", count(st.blocks_refused));
	json_object_set_new(o, "blocks_wiped", count(st.blocks_wiped));
	return o;
}

static json_t *status_consumers(const struct status *s, bool domains_only)
{
	const struct consumer *c;
	struct egd_sock *sock = NULL;
	json_t *a = json_array();

	while ((sock = egd_pub_next(s->pub, sock))) {
		c = egd_pub_consumer(sock);
		if (c->kind == CONSUMER_DOMAIN ||
		    (c->kind == CONSUMER_HOST && !domains_only))
			json_array_append_new(
				a, status_consumer(c, egd_pub_supply(sock)));
	}
	if (!domains_only)
		status_add_containers(a, s->containers);
	return a;
}

static uint64_t uptime_us(const struct status *s)
{
	return now_us() - s->started_us;
}

static json_t *status_sandbox(const struct status *s)
{
	json_t *o = json_object();

	json_object_set_new(o, "mode",
			    json_string(sandbox_mode_name(s->sandbox)));
	json_object_set_new(o, "core", json_boolean(s->locked_down));
	return o;
}

/* A file's text need not be UTF-8. */
static json_t *shown(const char *text)
{
	char out[2 * INI_WHY_MAX];

	return json_string(log_escape(out, sizeof(out), text, strlen(text)));
}

static json_t *status_faults(const struct hostconf *conf)
{
	json_t *a = json_array(), *o;
	size_t i;

	for (i = 0; conf && i < conf->faults_count; i++) {
		const struct hostconf_fault *f = &conf->faults[i];

		o = json_object();
		json_object_set_new(o, "file", shown(f->path));
		json_object_set_new(o, "why", shown(f->why));
		json_object_set_new(o, "kept", json_boolean(f->kept));
		json_object_set_new(o, "effect",
				    json_string(hostconf_fault_effect(f)));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *status_reload(const struct status *s)
{
	const char *why = s->reload_refused;
	json_t *o = json_object();

	json_object_set_new(o, "count", json_integer(s->reloads));
	json_object_set_new(o, "refused", *why ? shown(why) : json_null());
	json_object_set_new(o, "faults", status_faults(s->conf));
	return o;
}

static json_t *status_all(const struct status *s)
{
	json_t *o = json_object();

	json_object_set_new(o, "version", json_string(ONERNG_VERSION));
	json_object_set_new(o, "uptime_s", count(uptime_us(s) / 1000000));
	json_object_set_new(o, "state", json_string(devset_state(s->devices)));
	json_object_set_new(o, "h_byte_millibits",
			    json_integer(s->h_byte_millibits));
	json_object_set_new(o, "pid", json_integer(getpid()));
	json_object_set_new(o, "sandbox", status_sandbox(s));
	json_object_set_new(o, "reload", status_reload(s));
	json_object_set_new(o, "problems", status_problems(s));
	json_object_set_new(o, "devices", status_devices(s->devices));
	json_object_set_new(o, "pool", status_pool(s->pool));
	json_object_set_new(o, "domain_watch", domwatch_status(s->domwatch));
	json_object_set_new(o, "consumers", status_consumers(s, false));
	return o;
}

static json_t *status_list(const struct status *s, bool domains_only)
{
	json_t *o = json_object();

	json_object_set_new(o, "consumers", status_consumers(s, domains_only));
	if (domains_only)
		json_object_set_new(o, "domain_watch",
				    domwatch_status(s->domwatch));
	return o;
}

json_t *status_answer(void *ctx, const char *cmd)
{
	if (!strcmp(cmd, "status"))
		return status_all(ctx);
	if (!strcmp(cmd, "domain-list"))
		return status_list(ctx, true);
	if (!strcmp(cmd, "consumers"))
		return status_list(ctx, false);
	return NULL;
}

static void add_fips(struct fips *sum, const struct fips *f)
{
	int i;

	sum->blocks += f->blocks;
	sum->failures += f->failures;
	for (i = 0; i < FIPS_TESTS; i++)
		sum->failed[i] += f->failed[i];
}

static void log_line(void *ctx, const char *text)
{
	(void)ctx;
	log_info("stats: %s", text);
}

void status_log_statistics(const struct status *s)
{
	struct fips fips = { .blocks = 0 };
	struct rngdstat out = { .fips = &fips, .sink = "consumers" };
	const struct device *d;
	struct egd_pub_stats pub;
	struct sampler_stats st;
	size_t i;

	for (i = 0; i < devset_count(s->devices); i++) {
		d = devset_device(s->devices, i);
		out.bits_received += d->raw_bytes * 8;
		out.source_bytes_s += d->raw_rate;
		if (!d->sampler)
			continue;
		sampler_stats(d->sampler, &st);
		add_fips(&fips, st.fips);
	}
	egd_pub_stats(s->pub, &pub);
	out.bits_sent = pub.bytes_sent * 8;
	out.starvations = pub.starvations;
	out.starved_us = pub.starved_us;
	rngdstat_print(&out, log_line, NULL);
}
