#include "ctl/selftest.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "ctl/client.h"

#define POLL_NS 200000000L

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static unsigned long long number(const json_t *o, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(o, key));

	return n < 0 ? 0 : (unsigned long long)n;
}

static bool named(const json_t *names, const char *name)
{
	size_t i;

	for (i = 0; i < json_array_size(names); i++)
		if (!strcmp(json_string_value(json_array_get(names, i)) ?: "",
			    name))
			return true;
	return false;
}

/* Of the devices of a status, those whose test was started. */
static json_t *devices_of(const json_t *status, const json_t *started)
{
	const json_t *all = json_object_get(status, "devices");
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < json_array_size(all); i++) {
		const json_t *d = json_array_get(all, i);
		json_t *health = json_object_get(d, "health");

		if (!named(started, text(d, "name")))
			continue;
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:O?}", "name",
						text(d, "name"), "selftest",
						text(health, "selftest"),
						"health", health));
	}
	return list;
}

static size_t count(const json_t *devices, const char *how)
{
	size_t i, n = 0;

	for (i = 0; i < json_array_size(devices); i++)
		n += !strcmp(text(json_array_get(devices, i), "selftest"), how);
	return n;
}

/* 1 once all have ended, 0 while one runs, -errno with why. */
static int poll_once(const char *path, const json_t *started, json_t **result,
		     char *why)
{
	json_t *status, *devices;
	int r = client_ask(path, "status", &status, why);

	if (r < 0)
		return r;
	devices = devices_of(status, started);
	json_decref(status);
	json_decref(*result);
	*result = json_pack("{s:o}", "devices", devices);
	if (count(devices, "running"))
		return 0;
	if (count(devices, "ok") == json_array_size(started))
		return 1;
	snprintf(why, CLIENT_WHY_MAX,
		 "a device failed its start-up test: see onerngctl status");
	return -EIO;
}

static int wait_for_end(const char *path, const json_t *started,
			json_t **result, char *why)
{
	struct timespec pause = { .tv_nsec = POLL_NS };
	time_t end = time(NULL) + SELFTEST_TIMEOUT_S;
	int r;

	while ((r = poll_once(path, started, result, why)) == 0) {
		if (time(NULL) >= end) {
			snprintf(why, CLIENT_WHY_MAX,
				 "not over within %d s: see onerngctl status",
				 SELFTEST_TIMEOUT_S);
			return -ETIMEDOUT;
		}
		nanosleep(&pause, NULL);
	}
	return r < 0 ? r : 0;
}

int selftest_device(const char *socket_path, const char *device,
		    json_t **result, char *why)
{
	json_t *request, *reply;
	int r;

	*result = NULL;
	request = json_pack("{s:s, s:s}", "cmd", "selftest", "device",
			    device ? device : "");
	r = client_request(socket_path, request, &reply, why);
	json_decref(request);
	if (r < 0)
		return r;
	r = wait_for_end(socket_path, json_object_get(reply, "started"), result,
			 why);
	json_decref(reply);
	return r;
}

int selftest_inject(const char *socket_path, const char *fault, json_t **result,
		    char *why)
{
	json_t *request =
		json_pack("{s:s, s:s}", "cmd", "selftest", "inject", fault);
	int r = client_request(socket_path, request, result, why);

	json_decref(request);
	if (r < 0)
		return r;
	if (json_is_true(json_object_get(*result, "detected")))
		return 0;
	snprintf(why, CLIENT_WHY_MAX, "no test detected it");
	return -EIO;
}

static void print_injected(const json_t *r, FILE *out)
{
	char shown[201];
	const char *fault = text(r, "fault");

	log_escape(shown, sizeof(shown), fault, strlen(fault));
	if (!json_is_true(json_object_get(r, "detected"))) {
		fprintf(out, "%s: not detected within %llu raw bytes\n", shown,
			number(r, "samples"));
		return;
	}
	fprintf(out,
		"%s: detected by %s%s after %llu raw bytes; "
		"%llu bytes of the failing window released\n",
		shown, text(r, "test"),
		json_is_true(json_object_get(r, "permanent")) ? " (permanent)"
							      : "",
		number(r, "after"), number(r, "released"));
}

void selftest_print(const json_t *result, FILE *out)
{
	const json_t *devices = json_object_get(result, "devices");
	size_t i;

	if (!devices)
		print_injected(result, out);
	for (i = 0; i < json_array_size(devices); i++) {
		const json_t *d = json_array_get(devices, i);
		const json_t *health = json_object_get(d, "health");
		char shown[201];

		log_escape(shown, sizeof(shown), text(d, "name"),
			   strlen(text(d, "name")));
		fprintf(out, "%s: %s; last failure: %s\n", shown,
			text(d, "selftest"), text(health, "failed_test"));
	}
}
