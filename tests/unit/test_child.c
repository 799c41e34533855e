#include "host-agent/child.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

Test(child, delays_double_from_a_quarter_of_a_second_to_thirty)
{
	static const unsigned int wanted[] = { 250,  500,   1000,  2000, 4000,
					       8000, 16000, 30000, 30000 };
	size_t i;

	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		cr_assert_eq(child_backoff_ms((unsigned int)i), wanted[i]);
	cr_assert_eq(child_backoff_ms(0xffffffff), 30000);
}

static struct rawmsg msg, got;
static struct child_env env = { .msg = &msg };
static struct child child;
static int other, ends;
static pid_t pid;

static void message(void *owner, const struct rawmsg *m)
{
	(void)owner;
	got = *m;
}

static void ended(void *owner, int status)
{
	(void)owner;
	ends += WIFSIGNALED(status);
}

static const struct child_ops ops = { .message = message, .ended = ended };

/* A process that some other program started. */
static void set_up(void)
{
	int pair[2];

	env.base = event_base_new();
	cr_assert_not_null(env.base);
	cr_assert_eq(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair),
		0);
	pid = fork();
	if (!pid) {
		pause();
		_exit(0);
	}
	other = pair[1];
	child_init(&child, &env, &ops, NULL);
	child_adopt(&child, "reader", "1-1", pid, pair[0]);
}

static void tear_down(void)
{
	child_stop(&child);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	event_base_free(env.base);
}

TestSuite(adopted_child, .init = set_up, .fini = tear_down);

Test(adopted_child, is_heard_asked_and_missed)
{
	int status;

	cr_assert_eq(rawmsg_send_state(other, READER_PAUSED, "quiet"), 0);
	event_base_loop(env.base, EVLOOP_ONCE);
	cr_assert_eq(got.type, RAWMSG_STATE);
	cr_assert_eq(child_ask(&child, RAWMSG_IDENTIFY, 77), 0);
	cr_assert_eq(rawmsg_recv(other, &got), 1);
	cr_assert_eq(got.type, RAWMSG_IDENTIFY);
	cr_assert_eq(got.seq, 77);
	child_kill(&child);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(child_reaped(&child, pid, status));
	cr_assert_eq(ends, 1);
	cr_assert_eq(child_ask(&child, RAWMSG_RUN, 0), -EPIPE);
}

Test(adopted_child, lives_on_when_it_is_released)
{
	int fd;

	cr_assert_eq(child_release(&child, &fd), pid);
	cr_assert_eq(rawmsg_send_state(other, READER_PAUSED, "quiet"), 0);
	event_base_loop(env.base, EVLOOP_NONBLOCK);
	cr_assert_eq(got.type, 0, "it is not heard any more");
	cr_assert_eq(rawmsg_recv(fd, &got), 1, "nothing is lost");
	child_stop(&child);
	cr_assert_eq(waitpid(pid, NULL, WNOHANG), 0);
	cr_assert_eq(child_release(&child, &fd), 0);
	cr_assert_eq(fd, -1);
}
