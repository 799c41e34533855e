#include "hooks/message.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

static char text[MESSAGE_MAX];
static struct domxml facts;

static json_t *written(const char *op, const char *name)
{
	int len = message_write(text, op, name, &facts);
	json_t *o;

	cr_assert_gt(len, 0);
	cr_assert_eq(text[len - 1], '\n');
	o = json_loadb(text, (size_t)len - 1, JSON_REJECT_DUPLICATES, NULL);
	cr_assert_not_null(o, "%.*s", len, text);
	return o;
}

static const char *value(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "(none)";
}

static void setup(void)
{
	memset(&facts, 0, sizeof(facts));
	strcpy(facts.uuid, "6f6e6572-6e67-4000-8000-000000000001");
}

TestSuite(message, .init = setup);

Test(message, what_is_known_is_said)
{
	json_t *o;

	facts.sockets = 1;
	strcpy(facts.path, "/run/onerng/kvm/x.sock");
	facts.usb_count = 2;
	facts.usb[1].bus = 7;
	o = written("prepare", "vm");
	cr_assert_str_eq(value(o, "cmd"), "domain-event");
	cr_assert_str_eq(value(o, "op"), "prepare");
	cr_assert_str_eq(value(o, "uuid"), facts.uuid);
	cr_assert_str_eq(value(o, "name"), "vm");
	cr_assert_str_eq(value(o, "socket"), facts.path);
	cr_assert_eq(json_array_size(json_object_get(o, "usb")), 2);
	json_decref(o);
}

Test(message, what_is_not_known_is_not_said)
{
	json_t *o = written("start", "vm");

	cr_assert_null(json_object_get(o, "socket"));
	cr_assert_null(json_object_get(o, "usb"));
	json_decref(o);
	facts.uuid[0] = '\0';
	cr_assert_eq(message_write(text, "start", "vm", &facts), -EINVAL);
}

Test(message, of_a_policy_what_is_given_is_said)
{
	json_t *o = written("start", "vm"), *policy;

	cr_assert_null(json_object_get(o, "policy"));
	json_decref(o);
	facts.policy.has_weight = true;
	facts.policy.weight = 7;
	o = written("start", "vm");
	policy = json_object_get(o, "policy");
	cr_assert_eq(json_object_size(policy), 1);
	cr_assert_eq(json_integer_value(json_object_get(policy, "weight")), 7);
	json_decref(o);
	strcpy(facts.policy.class, "drbg");
	strcpy(facts.policy.when_absent, "kernel");
	facts.policy.has_rate = facts.policy.has_burst = true;
	facts.policy.burst = POLICY_BURST_MAX;
	o = written("start", "vm");
	policy = json_object_get(o, "policy");
	cr_assert_eq(json_object_size(policy), 5);
	cr_assert_str_eq(value(policy, "class"), "drbg");
	cr_assert_str_eq(value(policy, "when_absent"), "kernel");
	cr_assert_eq(json_integer_value(json_object_get(policy, "burst")),
		     POLICY_BURST_MAX);
	json_decref(o);
}

Test(message, any_name_makes_one_line_of_json)
{
	char name[2 * MESSAGE_NAME_MAX];
	json_t *o = written("start", "a\"b\\c\nd\x01\xc3\xa4");

	cr_assert_str_eq(value(o, "name"), "a\"b\\c?d???");
	json_decref(o);
	memset(name, '\\', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	o = written("start", name);
	cr_assert_eq(strlen(value(o, "name")), MESSAGE_NAME_MAX - 1);
	json_decref(o);
	o = written("start", "");
	json_decref(o);
}

Test(message, the_longest_fits)
{
	char name[MESSAGE_NAME_MAX];
	size_t i;

	memset(name, '"', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memset(facts.path, '"', sizeof(facts.path) - 1);
	facts.sockets = 1;
	facts.usb_count = DOMXML_USB_MAX;
	for (i = 0; i < DOMXML_USB_MAX; i++)
		facts.usb[i] =
			(struct domxml_usb){ 65535, 65535, 65535, 65535 };
	facts.policy = (struct policy){ .class = "drbg",
					.when_absent = "refuse",
					.rate = POLICY_RATE_MAX,
					.burst = POLICY_BURST_MAX,
					.weight = POLICY_WEIGHT_MAX,
					.has_rate = true,
					.has_burst = true,
					.has_weight = true };
	json_decref(written("reconnect", name));
}

Test(message, an_operation_is_a_word)
{
	cr_assert_eq(message_write(text, "", "vm", &facts), -EINVAL);
	cr_assert_eq(message_write(text, "12345678901234567", "vm", &facts),
		     -EINVAL);
	json_decref(written("1234567890123456", "vm"));
}

Test(message, nobody_there_is_no_wait)
{
	char path[200];

	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	cr_assert_eq(message_send("/nonexistent/hook.sock", "x\n", 2, true),
		     -ENOENT);
	cr_assert_eq(message_send(path, "x\n", 2, true), -ENAMETOOLONG);
}

Test(message, it_arrives_whole)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	char got[16] = "";
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), peer;

	snprintf(sa.sun_path, sizeof(sa.sun_path), "/tmp/onerng-hook-%d",
		 (int)getpid());
	unlink(sa.sun_path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	/* its file is there, nobody listens: tried for a while */
	cr_assert_eq(message_send(sa.sun_path, "hello\n", 6, false),
		     -ECONNREFUSED);
	cr_assert_eq(listen(fd, 1), 0);
	cr_assert_eq(message_send(sa.sun_path, "hello\n", 6, false), 0);
	peer = accept(fd, NULL, NULL);
	cr_assert_eq(read(peer, got, sizeof(got)), 6);
	cr_assert_str_eq(got, "hello\n");
	close(peer);
	close(fd);
	unlink(sa.sun_path);
}

Test(message, a_containers_event_is_a_line_of_json)
{
	int len = message_write_container(text, "started", "web-1", 4711);
	json_t *o;

	cr_assert_gt(len, 0);
	cr_assert_eq(text[len - 1], '\n');
	o = json_loadb(text, (size_t)len - 1, JSON_REJECT_DUPLICATES, NULL);
	cr_assert_not_null(o);
	cr_assert_str_eq(value(o, "cmd"), "container-event");
	cr_assert_str_eq(value(o, "op"), "started");
	cr_assert_str_eq(value(o, "id"), "web-1");
	cr_assert_eq(json_integer_value(json_object_get(o, "pid")), 4711);
	json_decref(o);
}

/* An agent that gives these answers, one for each connection. */
static int told(const char *const *answers, size_t count)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), peer, r;
	char line[16];
	size_t i;
	pid_t pid;

	snprintf(sa.sun_path, sizeof(sa.sun_path), "/tmp/onerng-agent-%d",
		 (int)getpid());
	unlink(sa.sun_path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	cr_assert_eq(listen(fd, 1), 0);
	pid = fork();
	for (i = 0; pid == 0 && i < count; i++) {
		peer = accept(fd, NULL, NULL);
		if (read(peer, line, sizeof(line)) < 0)
			_exit(1);
		(void)!write(peer, answers[i], strlen(answers[i]));
		close(peer);
	}
	if (pid == 0)
		_exit(0);
	close(fd);
	r = message_send(sa.sun_path, "hello\n", 6, true);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unlink(sa.sun_path);
	return r;
}

#define OK   "{\"ok\":true,\"result\":{}}\n"
#define FULL "{\"ok\":false,\"error\":\"too many connections\"}\n"
#define BAD  "{\"ok\":false,\"error\":\"out of memory\"}\n"

#define TOLD(...)                                           \
	told((const char *const[]){ __VA_ARGS__ },          \
	     sizeof((const char *const[]){ __VA_ARGS__ }) / \
		     sizeof(const char *))

Test(message, an_answer_is_read)
{
	cr_assert_eq(TOLD(OK), 0);
	cr_assert_eq(TOLD(BAD), -EPROTO);
	cr_assert_eq(TOLD("nonsense\n"), -EPROTO);
	cr_assert_eq(TOLD(""), -ECONNRESET);
}

Test(message, an_agent_that_is_full_is_tried_again)
{
	cr_assert_eq(TOLD(FULL, OK), 0);
	cr_assert_eq(TOLD(FULL, FULL, BAD), -EPROTO);
}

Test(message, one_that_stays_full_is_given_up)
{
	const char *full[2 * MESSAGE_RETRY_MS];
	size_t i;

	for (i = 0; i < sizeof(full) / sizeof(*full); i++)
		full[i] = FULL;
	cr_assert_eq(told(full, i), -EBUSY);
}
