#include "host-agent/containers.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "host-agent/change.h"
#include "host-agent/rundir.h"
#include "host-agent/tty_keeper.h"
#include "tests/unit/agent_fixture.h"

static struct tty_keeper *keeper;
static struct containers *all;
static struct hostconf_container configured[3];

/* As the agent does it. */
static void letgo_changed(void *ctx)
{
	(void)ctx;
	containers_set_state(all, letgo_count(letgo) ? "no-device" : "serving");
}

static void begin(void)
{
	agent_begin(letgo_changed);
	keeper = tty_keeper_new(base, NULL);
	all = containers_new(base, pub, letgo, keeper, NULL, folder);
	cr_assert_eq(containers_apply(all, &conf), 0);
	containers_load(all);
}

static void end(void)
{
	containers_free(all, false);
	tty_keeper_free(keeper);
	agent_end();
}

static void name(size_t i, const char *id)
{
	struct hostconf_consumer *c = &configured[i].consumer;

	snprintf(c->name, sizeof(c->name), "%s", id);
	c->limits.weight = 1;
}

static void setup(void)
{
	agent_setup("lxc");
	memset(configured, 0, sizeof(configured));
	name(0, "web");
	name(1, "db");
	configured[1].device = CONSUMER_DEVICE_NONE;
	configured[1].socket = true;
	name(2, "none");
	configured[2].device = CONSUMER_DEVICE_NONE;
	conf.containers = configured;
	conf.containers_count = 3;
	begin();
}

static void teardown(void)
{
	end();
	folder_remove();
}

TestSuite(containers, .init = setup, .fini = teardown);

static struct container_view seen(const char *id)
{
	struct container *t = containers_find(all, id);
	struct container_view v;

	cr_assert_not_null(t, "%s", id);
	containers_view(t, &v);
	return v;
}

/* What the hook says, and that it is answered. */
static int tell(const char *text)
{
	json_t *request = json_loads(text, 0, NULL);
	char reply[64];
	int fds[2], r;

	cr_assert_not_null(request);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	r = containers_event(all, fds[1], request, why);
	if (r < 0)
		close(fds[1]);
	else
		cr_assert_gt(recv(fds[0], reply, sizeof(reply), MSG_DONTWAIT),
			     0);
	close(fds[0]);
	json_decref(request);
	return r;
}

static bool is_there(const char *below)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/lxc/%s", folder, below);
	return access(path, F_OK) == 0;
}

Test(containers, each_gets_what_it_is_configured_for)
{
	cr_assert_not_null(seen("web").node);
	cr_assert_not(seen("web").socket);
	cr_assert_null(seen("db").node);
	cr_assert(seen("db").socket);
	cr_assert_null(seen("none").node);
	cr_assert(is_there("web") && is_there("web.facts"));
	cr_assert(is_there("db/egd.sock") && is_there("none.facts"));
	cr_assert_eq(seen("none").phase, CONSUMER_UNKNOWN);
	cr_assert_null(containers_find(all, "other"));
}

Test(containers, a_start_has_a_terminal_of_its_own)
{
	char first[32];

	snprintf(first, sizeof(first), "%s", seen("web").node);
	cr_assert_eq(tell("{\"op\":\"prepare\",\"id\":\"web\"}"), 0);
	cr_assert_str_neq(seen("web").node, first);
	cr_assert_eq(seen("web").phase, CONSUMER_PREPARING);
	cr_assert_eq(tell("{\"op\":\"started\",\"id\":\"web\",\"pid\":1}"), 0);
	snprintf(first, sizeof(first), "%s", seen("web").node);
	cr_assert_eq(seen("web").phase, CONSUMER_RUNNING);
	cr_assert_eq(seen("web").pid, 1);
	cr_assert_eq(tell("{\"op\":\"prepare\",\"id\":\"web\"}"), 0);
	cr_assert_str_eq(seen("web").node, first, "while it runs");
	cr_assert_eq(tell("{\"op\":\"stopped\",\"id\":\"web\",\"pid\":1}"), 0);
	cr_assert_eq(seen("web").phase, CONSUMER_STOPPED);
	cr_assert_eq(seen("web").pid, 0);
}

/* A device that somebody opened gives bytes, now that the pool has some. */
static bool gives(int fd)
{
	uint8_t block[POOL_BLOCK];
	ssize_t n = -1;
	int i;

	memset(block, 7, sizeof(block));
	cr_assert_eq(pool_put(pool, block, 0), 0);
	for (i = 0; n <= 0 && i < 100; i++) {
		egd_pub_serve(pub);
		event_base_loop(base, EVLOOP_NONBLOCK);
		n = read(fd, block, sizeof(block));
		usleep(1000);
	}
	return n > 0;
}

Test(containers, what_was_said_before_the_hook_says_started_counts)
{
	int fd;

	cr_assert_eq(tell("{\"op\":\"prepare\",\"id\":\"web\"}"), 0);
	fd = open(seen("web").node, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, "cmd0\ncmdO\n", 10), 10);
	cr_assert(gives(fd));
	cr_assert_eq(tell("{\"op\":\"started\",\"id\":\"web\",\"pid\":1}"), 0);
	cr_assert(gives(fd));
	cr_assert_eq(tell("{\"op\":\"started\",\"id\":\"web\",\"pid\":1}"), 0);
	cr_assert(gives(fd));
	/* a container whose start nobody prepared has a device that is new */
	cr_assert_eq(tell("{\"op\":\"started\",\"id\":\"web\",\"pid\":2}"), 0);
	cr_assert_not(gives(fd));
	close(fd);
}

Test(containers, what_is_unknown_is_no_error_and_what_is_nonsense_is)
{
	cr_assert_eq(tell("{\"op\":\"prepare\",\"id\":\"other\"}"), 0);
	cr_assert_eq(tell("{\"op\":\"frozen\",\"id\":\"web\"}"), 0);
	cr_assert_eq(tell("{\"op\":\"prepare\"}"), -EINVAL);
	cr_assert_eq(tell("{\"id\":\"web\"}"), -EINVAL);
	cr_assert_eq(tell("{\"op\":1,\"id\":\"web\"}"), -EINVAL);
	cr_assert_eq(tell("{\"op\":\"started\",\"id\":\"web\",\"pid\":-1}"),
		     -EINVAL);
	cr_assert_eq(tell("{\"op\":\"started\",\"id\":\"web\",\"pid\":\"1\"}"),
		     -EINVAL);
	cr_assert_eq(
		tell("{\"op\":\"started\",\"id\":\"web\",\"pid\":4294967297}"),
		-EINVAL);
	cr_assert_eq(seen("web").phase, CONSUMER_UNKNOWN);
}

Test(containers, phases_outlive_the_process)
{
	tell("{\"op\":\"started\",\"id\":\"web\",\"pid\":1}");
	tell("{\"op\":\"stopped\",\"id\":\"db\"}");
	end();
	begin();
	cr_assert_eq(seen("web").phase, CONSUMER_RUNNING);
	cr_assert_eq(seen("web").pid, 1);
	cr_assert_eq(seen("db").phase, CONSUMER_STOPPED);
	cr_assert_eq(seen("none").phase, CONSUMER_UNKNOWN);
}

Test(containers, a_file_of_phases_that_makes_no_sense_is_ignored)
{
	static const char *const texts[] = {
		"",
		"{",
		"[1,2]",
		"{\"web\":1}",
		"[{\"id\":\"web\",\"phase\":99,\"pid\":1}]",
		"[{\"id\":\"web\",\"phase\":-1,\"pid\":1}]",
		"[{\"id\":\"web\",\"phase\":3,\"pid\":-5}]",
		"[{\"id\":7,\"phase\":3,\"pid\":5}]",
	};
	char path[CONSUMER_PATH_MAX];
	size_t i;
	FILE *f;

	rundir_file(path, folder, RUNDIR_CONTAINERS);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		end();
		f = fopen(path, "w");
		fputs(texts[i], f);
		fclose(f);
		begin();
		cr_assert_eq(seen("web").phase, CONSUMER_UNKNOWN, "%s",
			     texts[i]);
	}
}

Test(containers, a_reload_changes_what_they_have)
{
	configured[0].device = CONSUMER_DEVICE_NONE;
	configured[0].socket = true;
	configured[1].device = CONSUMER_DEVICE_PLAIN;
	conf.containers_count = 2;
	cr_assert_eq(containers_apply(all, &conf), 0);
	cr_assert_null(seen("web").node);
	cr_assert(is_there("web/egd.sock"));
	cr_assert_not_null(seen("db").node);
	cr_assert_not_null(seen("db").second);
	cr_assert_null(containers_find(all, "none"));
	cr_assert_not(is_there("none") || is_there("none.facts"));
	configured[1].device = CONSUMER_DEVICE_NONE;
	cr_assert_eq(containers_apply(all, &conf), 0);
	cr_assert_null(seen("db").second);
	cr_assert(seen("db").socket);
}

Test(containers, both_ways_of_one_have_the_same_limits)
{
	struct sched_limits lim = { .rate_bytes = 7, .weight = 3 };
	struct service_policy kernel = { SERVICE_RAW, SERVICE_KERNEL };
	struct container *t = containers_find(all, "web");

	configured[0].socket = true;
	cr_assert_eq(containers_apply(all, &conf), 0);
	cr_assert_eq(containers_set_limits(t, &lim), 0);
	cr_assert_eq(containers_set_service(t, &kernel), 0);
	cr_assert_eq(seen("web").main->limits.rate_bytes, 7);
	cr_assert_eq(seen("web").second->limits.weight, 3);
	cr_assert_eq(seen("web").second->service.policy.when_absent,
		     SERVICE_KERNEL);
	t = containers_find(all, "none");
	cr_assert_eq(containers_set_limits(t, &lim), -ENODEV);
	cr_assert_eq(containers_set_service(t, &kernel), -ENODEV);
}

Test(containers, consumer_set_finds_them_by_id_and_kind)
{
	struct change_targets targets = { pub, all };
	json_t *ask = json_pack("{s:s, s:s, s:i}", "consumer", "web", "cmd",
				"consumer-set", "weight", 5);
	json_t *reply = change_consumer(&targets, ask, why);

	cr_assert_not_null(reply, "%s", why);
	json_decref(reply);
	cr_assert_eq(seen("web").main->limits.weight, 5);
	cr_assert(seen("web").override);
	json_object_set_new(ask, "kind", json_string("domain"));
	cr_assert_null(change_consumer(&targets, ask, why));
	cr_assert(strstr(why, "no consumer web"));
	json_object_set_new(ask, "kind", json_string("container"));
	reply = change_consumer(&targets, ask, why);
	cr_assert_not_null(reply, "%s", why);
	json_decref(reply);
	json_object_set_new(ask, "kind", json_string("vm"));
	cr_assert_null(change_consumer(&targets, ask, why));
	cr_assert(strstr(why, "kind: not domain"));
	json_decref(ask);
}

/* Whose port is let go; "": nobody's. */
static const char *let_go(void)
{
	return letgo_count(letgo) ? letgo_entry(letgo, 0)->port : "";
}

static void tell_pid(const char *op, const char *id, pid_t pid)
{
	char text[128];

	snprintf(text, sizeof(text), "{\"op\":\"%s\",\"id\":\"%s\",\"pid\":%d}",
		 op, id, (int)pid);
	cr_assert_eq(tell(text), 0);
}

static void pass_through(size_t i, const char *port)
{
	configured[i].device = CONSUMER_DEVICE_PASSTHROUGH;
	snprintf(configured[i].port, sizeof(configured[i].port), "%s", port);
	cr_assert_eq(containers_apply(all, &conf), 0);
}

Test(containers, a_device_is_let_go_from_prepare_until_stopped)
{
	pass_through(2, "1-2");
	cr_assert_str_eq(let_go(), "");
	cr_assert_eq(tell("{\"op\":\"prepare\",\"id\":\"none\"}"), 0);
	cr_assert_str_eq(let_go(), "1-2");
	tell_pid("started", "none", getpid());
	cr_assert_str_eq(let_go(), "1-2");
	cr_assert_eq(tell("{\"op\":\"stopped\",\"id\":\"none\"}"), 0);
	cr_assert_str_eq(let_go(), "");
}

Test(containers, one_that_runs_already_gets_its_device)
{
	pass_through(2, "1-2");
	tell_pid("running", "none", getpid());
	cr_assert_str_eq(let_go(), "1-2");
	cr_assert_eq(seen("none").phase, CONSUMER_RUNNING);
	tell_pid("running", "none", getpid());
	cr_assert_eq(letgo_count(letgo), 1, "told twice");
}

Test(containers, being_told_that_one_runs_changes_no_terminal)
{
	char first[32];

	snprintf(first, sizeof(first), "%s", seen("web").node);
	tell_pid("running", "web", getpid());
	cr_assert_str_eq(seen("web").node, first);
	cr_assert_eq(seen("web").pid, getpid());
}

Test(containers, a_reload_lets_go_and_takes_back)
{
	tell_pid("started", "none", getpid());
	cr_assert_str_eq(let_go(), "");
	pass_through(2, "1-2");
	cr_assert_str_eq(let_go(), "1-2");
	pass_through(2, "1-3");
	cr_assert_str_eq(let_go(), "1-3");
	configured[2].device = CONSUMER_DEVICE_NONE;
	cr_assert_eq(containers_apply(all, &conf), 0);
	cr_assert_str_eq(let_go(), "");
	pass_through(2, "1-2");
	cr_assert_str_eq(let_go(), "1-2");
	conf.containers_count = 2;
	cr_assert_eq(containers_apply(all, &conf), 0);
	cr_assert_str_eq(let_go(), "");
	cr_assert_not(is_there("none.facts"), "written as it was removed");
}

/* A process that is no more. */
static pid_t ended(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	return pid;
}

Test(containers, an_end_that_nobody_tells_is_noticed)
{
	pass_through(2, "1-2");
	tell_pid("started", "none", ended());
	cr_assert_str_eq(let_go(), "1-2");
	containers_tick(all);
	cr_assert_eq(seen("none").phase, CONSUMER_STOPPED);
	cr_assert_str_eq(let_go(), "");
	tell_pid("running", "none", ended());
	cr_assert_eq(seen("none").phase, CONSUMER_STOPPED, "said too late");
}

static void ticks(unsigned int n)
{
	while (n--)
		containers_tick(all);
}

Test(containers, a_start_of_which_nothing_came_ends)
{
	pass_through(2, "1-2");
	cr_assert_eq(tell("{\"op\":\"prepare\",\"id\":\"none\"}"), 0);
	ticks(CONTAINERS_PREPARE_S - 1);
	cr_assert_str_eq(let_go(), "1-2");
	/* the time begins with the last one */
	cr_assert_eq(tell("{\"op\":\"prepare\",\"id\":\"none\"}"), 0);
	ticks(CONTAINERS_PREPARE_S - 1);
	cr_assert_str_eq(let_go(), "1-2");
	ticks(1);
	cr_assert_eq(seen("none").phase, CONSUMER_STOPPED);
	cr_assert_str_eq(let_go(), "");
	/* it was slow, and no more than that */
	tell_pid("started", "none", getpid());
	cr_assert_str_eq(let_go(), "1-2");
	ticks(CONTAINERS_PREPARE_S + 1);
	cr_assert_str_eq(let_go(), "1-2");
}

Test(containers, a_start_of_which_nothing_came_ends_after_a_restart_too)
{
	pass_through(2, "1-2");
	cr_assert_eq(tell("{\"op\":\"prepare\",\"id\":\"none\"}"), 0);
	end();
	begin();
	ticks(CONTAINERS_PREPARE_S - 1);
	cr_assert_str_eq(let_go(), "1-2");
	ticks(1);
	cr_assert_str_eq(let_go(), "");
}

Test(containers, what_another_process_let_go_goes_on_or_is_taken_back)
{
	struct letgo_entry gone = { .port = "1-4",
				    .by = "container gone",
				    .uuid = "gone" };
	struct letgo_entry by_hand = { .port = "1-5", .by = "root" };
	size_t i;

	pass_through(2, "1-2");
	tell_pid("started", "none", getpid());
	end();
	begin();
	cr_assert_str_eq(let_go(), "");
	letgo_restore(letgo, &by_hand);
	letgo_restore(letgo, &gone);
	for (i = 0; i < CONTAINERS_RETRY_S; i++)
		containers_tick(all);
	cr_assert_eq(letgo_count(letgo), 2);
	cr_assert_str_eq(letgo_entry(letgo, 0)->port, "1-5");
	cr_assert_str_eq(letgo_entry(letgo, 1)->port, "1-2");
}
