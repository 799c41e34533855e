#include "host-agent/tty_keeper.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "common/log.h"
#include "host-agent/tty_pty.h"
#include "tests/unit/keeper_fixture.h"

static struct event_base *base;
static struct tty_pty pty;
static struct tty_kept *kept;
static unsigned int done, stalled;
static int answer;
static int slave;

static void on_done(void *ctx, int error)
{
	(void)ctx;
	answer = error;
	done++;
}

static void on_stalled(void *ctx)
{
	(void)ctx;
	stalled++;
}

static const struct tty_kept_ops ops = { on_done, on_stalled };

static void setup(void)
{
	log_init("test", LOG_LEVEL_ERR);
	unsetenv("NOTIFY_SOCKET");
	base = event_base_new();
	keeper_begin(base);
	cr_assert_eq(tty_pty_make(&pty), 0);
	slave = ioctl(pty.master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
	cr_assert_geq(slave, 0);
	kept = tty_keeper_add(keeper, pty.master, &ops, NULL);
	cr_assert_not_null(kept);
}

static void teardown(void)
{
	keeper_finish();
	event_base_free(base);
}

TestSuite(tty_keeper, .init = setup, .fini = teardown, .timeout = 60);

static void turns(unsigned int ms)
{
	while (ms--) {
		event_base_loop(base, EVLOOP_NONBLOCK);
		usleep(1000);
	}
}

static bool is_hung_up(void)
{
	struct pollfd p = { .fd = slave };

	return poll(&p, 1, 0) == 1 && p.revents & POLLHUP;
}

static void spoil(void)
{
	struct termios t;

	cr_assert_eq(tcgetattr(slave, &t), 0);
	t.c_lflag |= ISIG;
	cr_assert_eq(tcsetattr(slave, TCSANOW, &t), 0);
}

static bool is_raw(void)
{
	struct termios t;

	cr_assert_eq(tcgetattr(slave, &t), 0);
	return !(t.c_lflag & ISIG);
}

Test(tty_keeper, what_is_asked_is_done_once)
{
	int n;

	keeper_serve();
	spoil();
	cr_assert_eq(tty_pty_write(&pty, "left", 4), 4);
	tty_keeper_ask(kept, TTY_ASK_RAW);
	turns(100);
	cr_assert_eq(done, 1);
	cr_assert(is_raw());
	cr_assert_eq(ioctl(slave, FIONREAD, &n), 0);
	cr_assert_eq(n, 4);
	spoil();
	tty_keeper_ask(kept, TTY_ASK_DISCARD);
	turns(100);
	cr_assert_eq(done, 2);
	cr_assert(is_raw());
	cr_assert_eq(ioctl(slave, FIONREAD, &n), 0);
	cr_assert_eq(n, 0);
	cr_assert_eq(answer, 0);
	cr_assert_eq(stalled, 0);
}

/* What was written to it is for whoever has the master. */
Test(tty_keeper, one_way_alone_is_discarded)
{
	char got[8];
	unsigned int i;

	keeper_serve();
	for (i = 0; i < 50; i++) {
		tty_keeper_ask(kept, TTY_ASK_DISCARD);
		cr_assert_eq(write(slave, "cmdo", 4), 4);
		while (done <= i)
			turns(1);
		cr_assert_eq(read(pty.master, got, sizeof(got)), 4);
	}
}

Test(tty_keeper, who_does_not_answer_in_time_is_told_and_may_later)
{
	tty_keeper_ask(kept, TTY_ASK_RAW);
	turns(TTY_KEEPER_ANSWER_MS + 300);
	cr_assert_eq(stalled, 1);
	cr_assert_eq(done, 0);
	keeper_serve();
	turns(100);
	cr_assert_eq(done, 1);
}

Test(tty_keeper, the_last_to_close_is_the_process)
{
	tty_keeper_leave(kept);
	turns(100);
	/* this one has closed its own */
	cr_assert_eq(fcntl(pty.master, F_GETFD), -1);
	cr_assert_not(is_hung_up());
	cr_assert_eq(tty_keeper_left(keeper), 1);
	keeper_serve();
	turns(200);
	cr_assert(is_hung_up());
	cr_assert_eq(tty_keeper_left(keeper), 0);
}

Test(tty_keeper, one_that_is_left_amid_a_question_is_closed_after_it)
{
	tty_keeper_ask(kept, TTY_ASK_RAW);
	tty_keeper_leave(kept);
	keeper_serve();
	turns(200);
	cr_assert_eq(done, 0);
	cr_assert(is_hung_up());
	cr_assert_eq(tty_keeper_left(keeper), 0);
}

Test(tty_keeper, the_end_of_the_core_closes_them)
{
	turns(10);
	tty_keeper_free(keeper);
	keeper = NULL;
	close(pty.master);
	cr_assert_not(is_hung_up());
	keeper_serve();
	for (unsigned int i = 0; i < 2000 && !is_hung_up(); i++)
		usleep(1000);
	cr_assert(is_hung_up());
}

Test(tty_keeper, more_than_a_socket_takes_at_once)
{
	enum {
		MANY = 600
	};
	struct tty_kept *more[MANY];
	int i;

	/* the same one: what matters is how many */
	for (i = 0; i < MANY; i++) {
		more[i] = tty_keeper_add(keeper, dup(pty.master), &ops, NULL);
		cr_assert_not_null(more[i]);
	}
	keeper_serve();
	for (i = 0; i < MANY; i++)
		tty_keeper_ask(more[i], TTY_ASK_RAW);
	turns(900);
	cr_assert_eq(done, MANY);
	for (i = 0; i < MANY; i++)
		tty_keeper_leave(more[i]);
	turns(900);
	cr_assert_eq(tty_keeper_left(keeper), 0);
	cr_assert_not(is_hung_up());
}

Test(tty_keeper, a_process_that_is_lost_leaves_the_terminal_kept)
{
	tty_keeper_ask(kept, TTY_ASK_RAW);
	turns(10);
	close(keeper_end[1]);
	turns(50);
	cr_assert_eq(done, 0);
	cr_assert_geq(fcntl(pty.master, F_GETFD), 0);
	cr_assert_not(is_hung_up());
}
