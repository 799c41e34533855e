#include "ctl/table.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

#include "common/log.h"

#define SHOWN_MAX     201
#define SIZE_MAX_TEXT 16
#define TIME_MAX      32

/* A missing or wrongly typed value reads as 0 or "": an older agent's. */
static uint64_t number(const json_t *o, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(o, key));

	return n < 0 ? 0 : (uint64_t)n;
}

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* Text from elsewhere, for a terminal. */
static const char *shown(char out[static SHOWN_MAX], const json_t *o,
			 const char *key)
{
	const char *s = text(o, key);

	return log_escape(out, SHOWN_MAX, s, strlen(s));
}

/* "512", "12.3k", "4.5M": decimal multiples. */
static const char *size(char out[static SIZE_MAX_TEXT], uint64_t n)
{
	static const char units[] = "kMGTPE";
	double v = (double)n;
	int i = -1;

	while (v >= 999.95 && i < (int)sizeof(units) - 2) {
		v /= 1000;
		i++;
	}
	if (i < 0)
		snprintf(out, SIZE_MAX_TEXT, "%u", (unsigned int)n);
	else
		snprintf(out, SIZE_MAX_TEXT, "%.1f%c", v, units[i]);
	return out;
}

static uint64_t sum(const json_t *counts)
{
	/* jansson's iterators take no const */
	json_t *o = (json_t *)(uintptr_t)counts;
	void *i;
	uint64_t n = 0;

	for (i = json_object_iter(o); i; i = json_object_iter_next(o, i))
		n += (uint64_t)json_integer_value(json_object_iter_value(i));
	return n;
}

/* The reason of a refusal is the device's detail already. */
static void firmware(const json_t *check, FILE *out)
{
	const char *verdict = text(check, "verdict");
	char line[SHOWN_MAX];

	if (json_is_true(json_object_get(check, "verified")))
		fprintf(out, "          %s\n", shown(line, check, "detail"));
	else if (strcmp(verdict, "unchecked") == 0 ||
		 (strcmp(text(check, "policy"), "warn") == 0 &&
		  strcmp(verdict, "checking") != 0 &&
		  strcmp(verdict, "none") != 0))
		fprintf(out, "          firmware UNVERIFIED: %s\n",
			shown(line, check, "detail"));
}

/* Who made what was served, once there is something. */
static void made(const json_t *d, FILE *out)
{
	char served[SIZE_MAX_TEXT], line[SHOWN_MAX];

	if (*text(d, "driver"))
		fprintf(out, "          the kernel's %s\n",
			shown(line, d, "driver"));
	if (number(d, "blocks"))
		fprintf(out,
			"          made %llu blocks of 64 B; %s B served\n",
			(unsigned long long)number(d, "blocks"),
			size(served, number(d, "bytes_served")));
}

static const char *local_time(char out[static TIME_MAX], const json_t *o,
			      const char *key)
{
	time_t t = (time_t)number(o, key);
	struct tm tm;

	out[0] = '\0';
	if (localtime_r(&t, &tm))
		strftime(out, TIME_MAX, "%Y-%m-%d %H:%M:%S", &tm);
	return out;
}

/* The reason, and what to do, is the device's detail already. */
static void final(const json_t *health, FILE *out)
{
	const json_t *f = json_object_get(health, "final");
	char when[TIME_MAX];

	if (json_is_object(f))
		fprintf(out, "          failed at %s%s\n",
			local_time(when, f, "at"),
			json_is_true(json_object_get(f, "before_restart"))
				? ", before the agent was restarted"
				: "");
}

static void trend(const json_t *d, const json_t *o, FILE *out)
{
	const json_t *base = json_object_get(o, "baseline");
	const char *of = "";
	char line[SHOWN_MAX];

	if (!strcmp(text(o, "verdict"), "warning"))
		fprintf(out, "          raw noise left its baseline: %s\n",
			shown(line, o, "reason"));
	if (!number(base, "since"))
		return;
	if (json_is_true(json_object_get(base, "recalled")))
		of = ", known from before";
	else if (!*text(d, "unit"))
		of = ", forgotten when it goes";
	fprintf(out, "          baseline since %s%s\n",
		local_time(line, base, "since"), of);
}

static void device(const json_t *d, int width, FILE *out)
{
	const json_t *health = json_object_get(d, "health");
	char rate[SIZE_MAX_TEXT], raw[SIZE_MAX_TEXT], lost[SIZE_MAX_TEXT];
	char name[SHOWN_MAX], port[SHOWN_MAX], line[SHOWN_MAX];

	fprintf(out, "%-*s %-10s %-10s %6sB/s %8s %6s  %-8s %8llu\n", width,
		shown(name, d, "name"), shown(port, d, "port"),
		text(d, "state"), size(rate, number(d, "raw_rate")),
		size(raw, number(d, "raw_bytes")),
		size(lost, number(d, "lost_samples")),
		health ? text(health, "verdict") : "-",
		(unsigned long long)sum(json_object_get(health, "failures")));
	if (*text(d, "detail"))
		fprintf(out, "          %s%s\n",
			strcmp(text(d, "state"), "released") ? ""
							     : "let go for ",
			shown(line, d, "detail"));
	final(health, out);
	trend(d, json_object_get(health, "trend"), out);
	if (*text(d, "image_sha256"))
		fprintf(out, "          firmware %u, image sha256 %.16s...\n",
			(unsigned int)number(d, "firmware"),
			text(d, "image_sha256"));
	firmware(json_object_get(d, "firmware_check"), out);
	made(d, out);
}

static void problems(const json_t *list, FILE *out)
{
	const char *s;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		char line[512];

		s = json_string_value(json_array_get(list, i));
		if (s)
			fprintf(out, "PROBLEM   %s\n",
				log_escape(line, sizeof(line), s, strlen(s)));
	}
}

/* Of the column of names: labels may be longer than the agent's. */
static int name_width(const json_t *list)
{
	size_t i, len, width = 9;

	for (i = 0; i < json_array_size(list); i++) {
		len = strlen(text(json_array_get(list, i), "name"));
		if (len > width && len <= 23)
			width = len;
	}
	return (int)width;
}

static void devices(const json_t *list, FILE *out)
{
	int width = name_width(list);
	size_t i;

	if (json_array_size(list) == 0) {
		fputs("no OneRNG was seen: plug one in, or see which ports "
		      "are configured\n",
		      out);
		return;
	}
	fprintf(out, "%-*s %-10s %-10s %9s %8s %6s  %-8s %8s\n", width,
		"DEVICE", "PORT", "STATE", "RATE", "RAW", "LOST", "HEALTH",
		"FAILURES");
	for (i = 0; i < json_array_size(list); i++)
		device(json_array_get(list, i), width, out);
}

/* What it has as its device; other kinds of consumers have none. */
static void container(const json_t *c, FILE *out)
{
	char node[SHOWN_MAX], device[SHOWN_MAX], phase[SHOWN_MAX];

	if (strcmp(text(c, "kind"), "container") != 0)
		return;
	fprintf(out, "          %s%s%s%s", shown(device, c, "device"),
		*text(c, "node") ? " at " : "", shown(node, c, "node"),
		json_is_true(json_object_get(c, "socket")) ? ", a socket" : "");
	if (strcmp(text(c, "phase"), "unknown") != 0)
		fprintf(out, "; %s", shown(phase, c, "phase"));
	if (json_is_true(json_object_get(c, "stalled")))
		fputs("; terminal held", out);
	fputc('\n', out);
}

static void consumer(const json_t *c, FILE *out)
{
	const json_t *latency = json_object_get(c, "latency_us");
	const json_t *peer = json_object_get(c, "peer");
	char owed[SIZE_MAX_TEXT], delivered[SIZE_MAX_TEXT];
	char throttled[SIZE_MAX_TEXT], kernel[SIZE_MAX_TEXT];
	char name[SHOWN_MAX], pid[24] = "-", class[8];

	if (json_is_object(peer))
		snprintf(pid, sizeof(pid), "%llu",
			 (unsigned long long)number(peer, "pid"));
	snprintf(class, sizeof(class), "%.5s%s", text(c, "class"),
		 json_is_true(json_object_get(c, "override")) ? "*" : "");
	fprintf(out, "%-9s %-24s %-6s %8s %8s %9s %9s %8llu %8llu\n",
		text(c, "kind"), shown(name, c, "name"), class, pid,
		size(owed, number(c, "owed")),
		size(delivered, number(c, "delivered")),
		size(throttled, number(c, "throttled")),
		(unsigned long long)number(latency, "p50"),
		(unsigned long long)number(latency, "p99"));
	container(c, out);
	if (number(c, "kernel_bytes") || !strcmp(text(c, "supply"), "kernel"))
		fprintf(out, "          %s%s of these bytes %s the kernel's\n",
			!strcmp(text(c, "supply"), "kernel")
				? "no device serves: now the kernel's; "
				: "",
			size(kernel, number(c, "kernel_bytes")),
			number(c, "kernel_bytes") == 1 ? "is" : "are");
}

static void consumers(const json_t *list, FILE *out)
{
	size_t i;

	fprintf(out, "%-9s %-24s %-6s %8s %8s %9s %9s %8s %8s\n", "KIND",
		"CONSUMER", "CLASS", "PEER", "OWED", "DELIVERED", "THROTTLED",
		"P50 us", "P99 us");
	for (i = 0; i < json_array_size(list); i++)
		consumer(json_array_get(list, i), out);
}

/* An older agent says nothing of it. */
static void rights(const json_t *sandbox, FILE *out)
{
	if (json_is_true(json_object_get(sandbox, "core")))
		fprintf(out,
			"rights: no capability, system calls filtered "
			"(%s)\n",
			text(sandbox, "mode"));
	else if (sandbox)
		fputs("rights: no capability, SYSTEM CALLS NOT FILTERED "
		      "(sandbox=off)\n",
		      out);
}

/* An older agent knows none. */
static void watcher(const json_t *watch, FILE *out)
{
	char when[TIME_MAX], uri[SHOWN_MAX];

	if (!watch)
		return;
	if (!json_is_true(json_object_get(watch, "connected"))) {
		fputs("libvirt's watcher: not connected\n", out);
		return;
	}
	fprintf(out, "libvirt's watcher: pid %llu, since %s, %s%s\n",
		(unsigned long long)number(watch, "pid"),
		local_time(when, watch, "since"), shown(uri, watch, "uri"),
		json_is_true(json_object_get(watch, "libvirt"))
			? ""
			: ", WHICH DOES NOT ANSWER");
}

void table_status(const json_t *status, FILE *out)
{
	const json_t *pool = json_object_get(status, "pool");
	uint64_t h = number(status, "h_byte_millibits");
	char version[SHOWN_MAX];

	fprintf(out, "onerng-hostd %s, pid %llu, up %llu s: %s\n",
		shown(version, status, "version"),
		(unsigned long long)number(status, "pid"),
		(unsigned long long)number(status, "uptime_s"),
		text(status, "state"));
	fprintf(out,
		"H = %llu.%llu bits per raw byte; pool %llu of %llu bytes\n",
		(unsigned long long)h / 1000,
		(unsigned long long)h % 1000 / 100,
		(unsigned long long)number(pool, "bytes"),
		(unsigned long long)number(pool, "capacity"));
	rights(json_object_get(status, "sandbox"), out);
	problems(json_object_get(status, "problems"), out);
	watcher(json_object_get(status, "domain_watch"), out);
	fputc('\n', out);
	devices(json_object_get(status, "devices"), out);
	fputc('\n', out);
	consumers(json_object_get(status, "consumers"), out);
}

void table_domains(const json_t *list, FILE *out)
{
	const json_t *c, *all = json_object_get(list, "consumers");
	char name[SHOWN_MAX], path[SHOWN_MAX];
	size_t i;

	fprintf(out, "%-24s %-36s %-9s %-7s %s\n", "DOMAIN", "UUID",
		"CONNECTED", "POLICY", "SOCKET");
	for (i = 0; i < json_array_size(all); i++) {
		c = json_array_get(all, i);
		fprintf(out, "%-24s %-36s %-9s %-7s %s\n",
			shown(name, c, "name"), text(c, "uuid"),
			json_is_true(json_object_get(c, "connected")) ? "yes"
								      : "no",
			text(c, "policy_from"), shown(path, c, "socket"));
	}
	watcher(json_object_get(list, "domain_watch"), out);
}
