#include "tests/unit/tty_fixture.h"

TestSuite(tty_held, .init = setup_unserved, .fini = teardown, .timeout = 60);

/* Somebody holds it, which is as if nobody served. */
Test(tty_held, nothing_is_written_while_it_does_not_get_raw)
{
	uint8_t got[POOL_BLOCK];
	int fd = open_slave();

	conn.plain = true;
	fill(8);
	cr_assert_gt(unread(fd), 0);
	close(fd);
	turns(20);
	cr_assert_eq(conn.state, TTY_WIPING);
	fd = open(node, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	tty_conn_look(&conn);
	fill(8);
	turns(TTY_KEEPER_ANSWER_MS + 200);
	cr_assert_eq(conn.state, TTY_WIPING);
	cr_assert(conn.stalled);
	cr_assert_eq(pool_blocks(env.pool), 8);
	keeper_serve();
	until(TTY_OPEN);
	cr_assert_not(conn.stalled);
	/* what was left for the other one is not for this one */
	cr_assert_eq(hear(fd, got, sizeof(got)), sizeof(got));
	cr_assert_eq(got[0], 12);
	close_slave(fd);
}

Test(tty_held, a_start_that_it_is_held_over_finds_it_paused)
{
	int fd = open_slave();

	say(fd, "cmdO\n");
	close(fd);
	turns(20);
	cr_assert_eq(conn.state, TTY_WIPING);
	tty_conn_power_up(&conn);
	keeper_serve();
	until(TTY_CLOSED);
	cr_assert(conn.vrng.paused);
}

Test(tty_held, a_start_with_another_terminal_is_served)
{
	struct tty_pty pty;
	int fd = open_slave();

	close(fd);
	turns(20);
	cr_assert_eq(conn.state, TTY_WIPING);
	cr_assert_eq(tty_pty_make(&pty), 0);
	cr_assert_eq(tty_conn_replace(&conn, &pty), 0);
	tty_pty_node(&pty, node);
	cr_assert_not(conn.stalled);
	fd = open_slave();
	cr_assert_eq(tty_keeper_left(keeper), 1);
	keeper_serve();
	turns(100);
	cr_assert_eq(tty_keeper_left(keeper), 0);
	close_slave(fd);
}

Test(tty_held, it_is_connected_until_what_was_left_is_discarded)
{
	int fd = open_slave();

	conn.plain = true;
	fill(8);
	cr_assert_gt(unread(fd), 0);
	close(fd);
	turns(20);
	cr_assert_eq(conn.state, TTY_WIPING);
	cr_assert(consumer.connected);
	keeper_serve();
	until(TTY_CLOSED);
	cr_assert_not(consumer.connected);
}

Test(tty_held, a_command_that_comes_before_what_was_left_is_discarded_counts)
{
	int fd = open_slave();

	say(fd, "cmdO\n");
	fill(8);
	cr_assert_gt(unread(fd), 0);
	close(fd);
	turns(20);
	cr_assert_eq(conn.state, TTY_WIPING);
	keeper_serve();
	fd = open(node, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	cr_assert_eq(write(fd, "cmdo\n", 5), 5);
	close(fd);
	tty_conn_look(&conn);
	until(TTY_CLOSED);
	cr_assert(conn.vrng.paused);
}
