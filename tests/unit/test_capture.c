/*
 * The agent's side of a capture: requests, on a set without devices.  With a
 * device, integration/46-capture.sh.
 */
#include "host-agent/capture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "host-agent/control.h"
#include "host-agent/devset.h"
#include "host-agent/pool.h"
#include "host-agent/listener.h"

static struct event_base *base;
static struct pool *pool;
static struct devset *devices;
static struct capture *capture;
static char why[CONTROL_WHY_MAX];

static void changed(void *ctx)
{
	(void)ctx;
}

static void setup(void)
{
	log_init("test", LOG_LEVEL_ERR);
	base = event_base_new();
	pool = pool_new(64);
	devices = devset_new(base, pool, changed, NULL);
	capture = capture_new(base, devices);
	cr_assert_not_null(capture);
}

static void teardown(void)
{
	capture_free(capture);
	devset_free(devices);
	pool_free(pool);
	event_base_free(base);
}

TestSuite(capture, .init = setup, .fini = teardown);

static void refuses(const char *text, const char *reason)
{
	json_t *request = json_loads(text, 0, NULL);

	cr_assert_not_null(request, "%s", text);
	why[0] = '\0';
	cr_assert_eq(capture_start(capture, -1, request, why), -EINVAL, "%s",
		     text);
	cr_assert(strstr(why, reason), "%s: %s", text, why);
	cr_assert(!capture_is_active(capture));
	json_decref(request);
}

Test(capture, what_is_no_number_of_bytes_is_refused)
{
	static const char *const wrong[] = {
		"{\"cmd\":\"capture\"}",
		"{\"cmd\":\"capture\",\"bytes\":0}",
		"{\"cmd\":\"capture\",\"bytes\":-1}",
		"{\"cmd\":\"capture\",\"bytes\":67108865}",
		"{\"cmd\":\"capture\",\"bytes\":\"7\"}",
		"{\"cmd\":\"capture\",\"bytes\":7.5}",
		"{\"cmd\":\"capture\",\"bytes\":7,\"device\":1}",
		"{\"cmd\":\"capture\",\"bytes\":7,\"to\":\"x\"}",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		refuses(wrong[i], "from 1 to 67108864");
}

Test(capture, a_device_that_is_not_there_is_refused)
{
	refuses("{\"cmd\":\"capture\",\"bytes\":1}", "no device is there");
	refuses("{\"cmd\":\"capture\",\"bytes\":67108864,"
		"\"device\":\"a\\nb\"}",
		"no device a");
	cr_assert_null(strchr(why, '\n'));
}

static int stream(void *ctx, int fd, const json_t *request, char *reason)
{
	(void)request;
	(void)reason;
	*(int *)ctx = fd;
	return 0;
}

Test(capture, a_connection_is_for_root_and_has_to_be_there)
{
	static const char request[] = "{\"cmd\":\"capture\"}";
	char path[] = "/tmp/test-capture.XXXXXX";
	const struct listener_at at = {
		.path = "s", .key = "control", .gid = (gid_t)-1, .mode = 0600
	};
	struct control *c;
	char *reply;
	int fd = -1;

	cr_assert_not_null(mkdtemp(path));
	cr_assert_eq(chdir(path), 0);
	c = control_new(base, &at);
	cr_assert_not_null(c);
	cr_assert_null(control_lacks(c), "%s", control_lacks(c));
	control_add_stream(c, "capture", stream, &fd);
	reply = control_execute(c, 1000, request, strlen(request));
	cr_assert(strstr(reply, "only root"), "%s", reply);
	free(reply);
	reply = control_execute(c, 0, request, strlen(request));
	cr_assert(strstr(reply, "no descriptor"), "%s", reply);
	free(reply);
	cr_assert_eq(fd, -1);
	control_free(c);
	rmdir(path);
}
