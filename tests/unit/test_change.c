#include "host-agent/change.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "host-agent/control.h"
#include "host-agent/listener.h"

static char why[CONTROL_WHY_MAX];
static uid_t allowed; /* beside root; 0: nobody */

static int parse(const char *text, struct change *c)
{
	static json_t *request;

	json_decref(request);
	request = json_loads(text, 0, NULL);
	cr_assert_not_null(request, "%s", text);
	why[0] = '\0';
	return change_parse(request, c, why);
}

static void refuses(const char *text, const char *reason)
{
	struct change c;

	cr_assert_eq(parse(text, &c), -EINVAL, "taken: %s", text);
	cr_assert(strstr(why, reason), "%s: %s", text, why);
}

Test(change, every_key_is_taken_and_applied)
{
	struct service_policy policy = { .class = SERVICE_RAW };
	struct sched_limits limits = { .weight = 1 };
	struct change c;

	cr_assert_eq(parse("{\"cmd\":\"consumer-set\",\"consumer\":\"a\","
			   "\"class\":\"drbg\",\"when_absent\":\"refuse\","
			   "\"rate\":1000000000,\"burst\":1073741824,"
			   "\"weight\":1000}",
			   &c),
		     0, "%s", why);
	cr_assert_str_eq(c.consumer, "a");
	wish_apply(&c.wish, &policy, &limits);
	cr_assert_eq(policy.class, SERVICE_DRBG);
	cr_assert_eq(policy.when_absent, SERVICE_REFUSE);
	cr_assert_eq(limits.rate_bytes, 1000000000);
	cr_assert_eq(limits.burst_bytes, 1073741824);
	cr_assert_eq(limits.weight, 1000);
}

Test(change, what_is_not_named_stays)
{
	struct service_policy policy = { SERVICE_SEED, SERVICE_KERNEL };
	struct sched_limits limits = { 7, 8, 9 };
	struct change c;

	cr_assert_eq(parse("{\"consumer\":\"a\",\"rate\":0}", &c), 0);
	wish_apply(&c.wish, &policy, &limits);
	cr_assert_eq(policy.class, SERVICE_SEED);
	cr_assert_eq(policy.when_absent, SERVICE_KERNEL);
	cr_assert_eq(limits.rate_bytes, 0);
	cr_assert_eq(limits.burst_bytes, 8);
	cr_assert_eq(limits.weight, 9);
}

Test(change, what_cannot_be_taken_is_refused_with_a_reason)
{
	refuses("{}", "no consumer");
	refuses("{\"class\":\"raw\"}", "no consumer");
	refuses("{\"consumer\":\"a\"}", "nothing to change");
	refuses("{\"consumer\":7,\"class\":\"raw\"}", "consumer");
	refuses("{\"consumer\":\"a\",\"class\":\"best\"}", "class");
	refuses("{\"consumer\":\"a\",\"class\":1}", "class");
	refuses("{\"consumer\":\"a\",\"when_absent\":null}", "when_absent");
	refuses("{\"consumer\":\"a\",\"when_absent\":\"\"}", "when_absent");
	refuses("{\"consumer\":\"a\",\"rate\":-1}", "rate");
	refuses("{\"consumer\":\"a\",\"rate\":1000000001}", "rate");
	refuses("{\"consumer\":\"a\",\"rate\":\"1\"}", "rate");
	refuses("{\"consumer\":\"a\",\"burst\":1.5}", "burst");
	refuses("{\"consumer\":\"a\",\"burst\":1073741825}", "burst");
	refuses("{\"consumer\":\"a\",\"weight\":0}", "weight");
	refuses("{\"consumer\":\"a\",\"weight\":1001}", "weight");
	refuses("{\"consumer\":\"a\",\"class\":\"raw\",\"uuid\":\"\"}",
		"can be given");
}

static json_t *command(void *ctx, const json_t *request, char *reason)
{
	struct change c;

	(void)ctx;
	if (change_parse(request, &c, reason) < 0)
		return NULL;
	return json_pack("{s:s}", "name", c.consumer);
}

/* The reply to a request by uid. */
static void replies(uid_t uid, const char *request, const char *wanted)
{
	char path[] = "/tmp/test-change.XXXXXX.sock";
	const struct listener_at at = {
		.path = path, .key = "control", .gid = (gid_t)-1, .mode = 0600
	};
	struct event_base *base = event_base_new();
	int fd = mkstemps(path, 5);
	struct control *c;
	char *got;

	log_init("test", LOG_LEVEL_ERR);
	close(fd);
	unlink(path);
	c = control_new(base, &at);
	cr_assert_not_null(c);
	cr_assert_null(control_lacks(c), "%s", control_lacks(c));
	control_add_command(c, "consumer-set", command, NULL);
	if (allowed)
		control_allow(c, allowed);
	got = control_execute(c, uid, request, strlen(request));
	cr_assert_str_eq(got, wanted);
	free(got);
	control_free(c);
	event_base_free(base);
}

#define SET "{\"cmd\":\"consumer-set\",\"consumer\":\"a\",\"class\":\"raw\"}"

Test(change, root_is_obeyed)
{
	replies(0, SET, "{\"ok\":true,\"result\":{\"name\":\"a\"}}");
}

Test(change, nobody_else_is_obeyed)
{
	static const char no[] = "{\"ok\":false,\"error\":"
				 "\"only root may change something\"}";

	replies(1, SET, no);
	replies(1000, SET, no);
	replies((uid_t)-1, SET, no);
	replies(1000, "{\"cmd\":\"consumer-set\"}", no);
}

Test(change, a_user_may_be_allowed_where_the_socket_is_for_that)
{
	static const char yes[] = "{\"ok\":true,\"result\":{\"name\":\"a\"}}";
	static const char no[] = "{\"ok\":false,\"error\":"
				 "\"only root may change something\"}";

	allowed = 1000;
	replies(1000, SET, yes);
	replies(0, SET, yes);
	replies(1001, SET, no);
	replies((uid_t)-1, SET, no);
}

Test(change, root_hears_what_was_wrong)
{
	replies(0, "{\"cmd\":\"consumer-set\"}",
		"{\"ok\":false,\"error\":\"no consumer is named\"}");
}
