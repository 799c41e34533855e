#include "host-agent/control.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "ctl/client.h"
#include "host-agent/listener.h"

static char why[CLIENT_WHY_MAX];

static json_t *answer(void *ctx, const char *cmd)
{
	(void)ctx;
	return strcmp(cmd, "status") ? NULL : json_pack("{s:i}", "pid", 7);
}

static void replies(const char *request, size_t len, const char *wanted)
{
	char *got = control_reply(request, len, answer, NULL);

	cr_assert_not_null(got);
	cr_assert_str_eq(got, wanted);
	free(got);
}

/* The same request must be refused, with a reason. */
static void refuses(const char *request, size_t len)
{
	char *got = control_reply(request, len, answer, NULL);

	cr_assert_not_null(got);
	cr_assert(strstr(got, "{\"ok\":false,\"error\":\"") == got, "%s", got);
	free(got);
}

Test(control, a_known_command_is_answered)
{
	replies("{\"cmd\":\"status\"}", 16,
		"{\"ok\":true,\"result\":{\"pid\":7}}");
}

Test(control, what_is_no_request_is_refused_with_a_reason)
{
	refuses("", 0);
	refuses("{", 1);
	refuses("[]", 2);
	refuses("7", 1);
	refuses("{}", 2);
	refuses("{\"cmd\":null}", 12);
	refuses("{\"cmd\":\"statu\"}", 15);
	refuses("{\"cmd\":\"status\"", 15);
	refuses("{\"cmd\":\"status\"}x", 17);
	refuses("{\"cmd\":\"status\",\"cmd\":\"status\"}", 31);
	refuses("{\"cmd\":\"status\0\"}", 17);
	refuses("\xff\xfe", 2);
}

Test(control, deep_nesting_is_refused)
{
	char deep[4096];

	memset(deep, '[', sizeof(deep));
	refuses(deep, sizeof(deep));
}

static bool no_descriptor_left;
static int accepts;

/* Instead of libc's, for the agent's code in this program. */
int accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags)
{
	accepts++;
	if (!no_descriptor_left)
		return (int)syscall(SYS_accept4, fd, sa, len, flags);
	errno = EMFILE;
	return -1;
}

static void loop_for(struct event_base *base, int ms)
{
	struct timeval tv = { .tv_sec = ms / 1000,
			      .tv_usec = ms % 1000 * 1000 };

	event_base_loopexit(base, &tv);
	event_base_dispatch(base);
}

Test(control, who_comes_as_descriptors_run_out_waits_and_costs_nothing,
     .timeout = 60)
{
	static const char request[] = "{\"cmd\":\"status\"}\n";
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct event_base *base = event_base_new();
	char folder[] = "/tmp/onerng-control-XXXXXX", reply[64];
	const struct listener_at at = { .path = sa.sun_path,
					.key = "control",
					.gid = (gid_t)-1,
					.mode = 0600 };
	struct control *c;

	log_init("test", LOG_LEVEL_ERR);
	cr_assert_not_null(mkdtemp(folder));
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/socket", folder);
	c = control_new(base, &at);
	cr_assert_not_null(c);
	cr_assert_null(control_lacks(c), "%s", control_lacks(c));
	control_set_answer(c, answer, NULL);
	cr_assert_eq(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	cr_assert_eq(write(fd, request, strlen(request)),
		     (ssize_t)strlen(request));
	no_descriptor_left = true;
	loop_for(base, 400);
	cr_assert_eq(accepts, 1, "the loop spins: %d times", accepts);
	control_tick(c);
	loop_for(base, 100);
	cr_assert_eq(accepts, 2, "it does not listen again: %d", accepts);
	no_descriptor_left = false;
	control_tick(c);
	while (read(fd, reply, sizeof(reply)) < 0 && errno == EAGAIN)
		loop_for(base, 100);
	cr_assert_eq(strncmp(reply, "{\"ok\":true", 10), 0);
	control_free(c);
	event_base_free(base);
	close(fd);
	rmdir(folder);
}

Test(client, a_result_is_taken_from_a_reply)
{
	static const char reply[] = "{\"ok\":true,\"result\":{\"pid\":7}}\n";
	json_t *result;

	cr_assert_eq(client_parse(reply, strlen(reply), &result, why), 0);
	cr_assert_eq(json_integer_value(json_object_get(result, "pid")), 7);
	json_decref(result);
}

Test(client, a_refusal_is_passed_on_escaped)
{
	static const char reply[] = "{\"ok\":false,\"error\":\"no\\u001b[2J\"}";
	json_t *result;

	cr_assert_eq(client_parse(reply, strlen(reply), &result, why), -EINVAL);
	cr_assert_null(result);
	cr_assert_str_eq(why, "the agent says: no\\x1b[2J");
}

Test(client, what_is_no_reply_is_an_error)
{
	static const char *const bad[] = { "",
					   "{",
					   "[]",
					   "{\"ok\":1}",
					   "null",
					   "{\"ok\":true}",
					   "{\"ok\":false}" };
	json_t *result;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert_eq(client_parse(bad[i], strlen(bad[i]), &result, why),
			     -EPROTO, "%s", bad[i]);
		cr_assert_null(result);
	}
}

Test(client, nobody_listening_is_explained)
{
	json_t *result;
	char path[300];

	cr_assert_eq(client_ask("/nonexistent/x.sock", "status", &result, why),
		     -ENOENT);
	cr_assert(strstr(why, "not running? (/nonexistent/x.sock: "));
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	cr_assert_eq(client_ask(path, "status", &result, why), -ENAMETOOLONG);
}
