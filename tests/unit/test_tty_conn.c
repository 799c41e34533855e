#include "tests/unit/tty_fixture.h"

TestSuite(tty_conn, .init = setup, .fini = teardown, .timeout = 60);

Test(tty_conn, nothing_is_given_while_nobody_has_it_open)
{
	conn.plain = true;
	fill(8);
	tty_conn_look(&conn);
	turns(10);
	cr_assert_eq(pool_blocks(env.pool), 8);
	cr_assert_not(consumer.connected);
}

Test(tty_conn, a_virtual_device_gives_nothing_before_cmdO)
{
	uint8_t got[POOL_BLOCK];
	int fd = open_slave();

	fill(8);
	cr_assert_eq(unread(fd), 0);
	cr_assert_eq(pool_blocks(env.pool), 8);
	say(fd, "cmdO\n");
	cr_assert_eq(hear(fd, got, sizeof(got)), sizeof(got));
	cr_assert_eq(got[0], 4);
	cr_assert_eq(got[POOL_BLOCK - 1], 4);
	close_slave(fd);
}

Test(tty_conn, no_more_is_written_than_is_read)
{
	uint8_t got[TTY_CONN_AHEAD];
	int fd, n;

	conn.plain = true;
	fill(100);
	fd = open_slave();
	n = unread(fd);
	cr_assert_geq(n, TTY_CONN_AHEAD);
	cr_assert_leq(n, TTY_CONN_BLIND);
	cr_assert_eq(pool_blocks(env.pool), (size_t)(100 - n / POOL_BLOCK));
	cr_assert_eq(hear(fd, got, sizeof(got)), sizeof(got));
	cr_assert_leq(unread(fd), TTY_CONN_BLIND);
	close_slave(fd);
}

Test(tty_conn, a_reader_gets_every_byte_in_order)
{
	uint8_t *got = malloc(200 * POOL_BLOCK);
	size_t i;
	int fd;

	conn.plain = true;
	fill(200);
	fd = open_slave();
	cr_assert_eq(hear(fd, got, 200 * POOL_BLOCK), 200 * POOL_BLOCK);
	for (i = 0; i < 200 * POOL_BLOCK; i++)
		cr_assert_eq(got[i], i / POOL_BLOCK % 200 + 4);
	cr_assert_eq(consumer.delivered, 200 * POOL_BLOCK);
	cr_assert_eq(consumer.discarded, 0);
	free(got);
	close_slave(fd);
}

Test(tty_conn, without_a_sign_of_a_reader_it_ends_at_a_bound)
{
	int fd;

	conn.plain = true;
	fill(100);
	fd = open_slave();
	conn.late_step = 0;
	turns(700);
	cr_assert_gt(unread(fd), TTY_CONN_AHEAD);
	conn.blind = TTY_CONN_BLIND;
	conn.window = 0;
	turns(50);
	event_active(&conn.late_ev, EV_TIMEOUT, 0);
	turns(20);
	cr_assert_lt(conn.window, POOL_BLOCK);
	close_slave(fd);
}

Test(tty_conn, what_was_not_read_is_for_nobody)
{
	uint8_t got[TTY_CONN_AHEAD];
	int fd;

	conn.plain = true;
	fill(8);
	fd = open_slave();
	cr_assert_eq(unread(fd), TTY_CONN_AHEAD);
	close_slave(fd);
	fd = open(node, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	cr_assert_eq(read(fd, got, sizeof(got)), -1);
	cr_assert_eq(errno, EAGAIN);
	close_slave(fd);
}

Test(tty_conn, a_full_terminal_keeps_the_rest_for_its_reader)
{
	uint8_t *got = malloc(65536), filler[512];
	size_t stuffed = 0, n;
	ssize_t w;
	int fd, i;

	memset(filler, 1, sizeof(filler));
	conn.plain = true;
	fd = open_slave();
	/* it moves on by itself for a while */
	for (i = 0; i < 20; i++, usleep(2000))
		while ((w = write(conn.pty.master, filler, sizeof(filler))) > 0)
			stuffed += (size_t)w;
	tty_pty_drained(&conn.pty);
	fill(2);
	turns(30);
	cr_assert_gt(conn.rest_len, 0);
	cr_assert_not(consumer.discarded);
	n = hear(fd, got, stuffed + 2 * POOL_BLOCK);
	cr_assert_eq(n, stuffed + 2 * POOL_BLOCK);
	cr_assert_eq(got[stuffed - 1], 1);
	cr_assert_eq(got[stuffed], 4);
	cr_assert_eq(got[n - 1], 5);
	free(got);
	close_slave(fd);
}

Test(tty_conn, a_take_over_wipes_and_its_failure_makes_a_new_drbg)
{
	int slave = open_slave();

	turn();
	consumer.service.policy.class = SERVICE_DRBG;
	cr_assert_eq(tty_conn_set_service(&conn, &consumer.service.policy), 0);
	cr_assert_not_null(consumer.service.drbg);
	memset(conn.rest, 9, 10);
	conn.rest_len = 10;
	conn.sink.wipe(&conn.sink);
	cr_assert_null(consumer.service.drbg);
	cr_assert_eq(conn.rest_len, 0);
	cr_assert_eq(conn.rest[0], 0);
	conn.sink.renew(&conn.sink);
	cr_assert_not_null(consumer.service.drbg);
	cr_assert_eq(consumer.drbgs, 2, "never the same one twice");
	close(slave);
}

Test(tty_conn, a_rest_is_discarded_with_the_last_close_and_by_cmdw)
{
	int fd = open_slave();

	memset(conn.rest, 9, 10);
	conn.rest_len = 10;
	/* what is full has no room for it: looked at when it was read */
	say(fd, "cmdw");
	cr_assert_eq(conn.rest_len, 0);
	cr_assert_eq(conn.rest[0], 0);
	close_slave(fd);
}

Test(tty_conn, an_image_is_given_whole_and_bytes_behind_it)
{
	uint8_t *got = malloc(FIRMWARE_DUMP + POOL_BLOCK);
	struct firmware_dump d;
	int fd = open_slave();

	fill(1);
	say(fd, "cmdXcmdO");
	conn.replies.rate = 0; /* as fast as it goes */
	cr_assert_eq(hear(fd, got, FIRMWARE_DUMP + POOL_BLOCK),
		     FIRMWARE_DUMP + POOL_BLOCK);
	cr_assert_eq(firmware_read_dump(got, FIRMWARE_DUMP, &d),
		     FIRMWARE_WELL_FORMED);
	cr_assert_eq(got[FIRMWARE_DUMP], 4);
	free(got);
	close_slave(fd);
}

Test(tty_conn, replies_have_a_rate)
{
	uint8_t *got = malloc(4 * FIRMWARE_DUMP);
	uint64_t end = egd_conn_now_us() + 500000;
	size_t have = 0;
	int fd = open_slave();
	ssize_t n;

	say(fd, "cmdO");
	while (egd_conn_now_us() < end && have < 3 * FIRMWARE_DUMP) {
		(void)!write(fd, "cmdX", 4);
		turn();
		n = read(fd, got, FIRMWARE_DUMP);
		have += n > 0 ? (size_t)n : 0;
	}
	cr_assert_leq(have, TTY_CONN_REPLY_BURST + TTY_CONN_REPLY_RATE);
	free(got);
	close_slave(fd);
}

Test(tty_conn, input_is_read_by_and_by)
{
	char flood[TTY_CONN_READ_MAX];
	int fd = open_slave(), i;

	memset(flood, 'c', sizeof(flood));
	for (i = 0; i < 4; i++)
		cr_assert_gt(write(fd, flood, sizeof(flood)), 0);
	usleep(10000);
	for (i = 0; i < 8; i++)
		turn();
	cr_assert(conn.input_due);
	cr_assert_eq(conn.input_left, 0);
	(void)!write(fd, "cmdO", 4);
	for (i = 0; i < 4; i++)
		turn();
	cr_assert(conn.vrng.paused);
	turns(2 * TTY_CONN_INPUT_MS);
	cr_assert_not(conn.vrng.paused);
	close_slave(fd);
}

Test(tty_conn, commands_of_whoever_has_gone_already_count)
{
	int fd = open(node, O_RDWR | O_NOCTTY | O_CLOEXEC);

	cr_assert_eq(write(fd, "cmdO\ncmd6\n", 10), 10);
	close(fd);
	tty_conn_look(&conn);
	cr_assert_not(conn.vrng.paused);
	cr_assert_eq(conn.vrng.mode, 6);
	cr_assert_eq(consumer.connections, 0);
}

Test(tty_conn, odd_settings_end_with_the_last_close)
{
	struct termios t;
	int fd = open_slave();

	cr_assert_eq(tcgetattr(fd, &t), 0);
	t.c_lflag |= ICANON | ECHO | ISIG;
	t.c_iflag |= IXON | ISTRIP;
	cr_assert_eq(tcsetattr(fd, TCSANOW, &t), 0);
	close_slave(fd);
	fd = open_slave();
	cr_assert_eq(tcgetattr(fd, &t), 0);
	cr_assert_eq(t.c_lflag & (ICANON | ECHO | ISIG), 0);
	cr_assert_eq(t.c_iflag & (IXON | ISTRIP), 0);
	close_slave(fd);
}

Test(tty_conn, so_do_those_of_somebody_who_was_never_seen)
{
	struct termios t;
	int fd = open(node, O_RDWR | O_NOCTTY | O_CLOEXEC);

	cr_assert_eq(tcgetattr(fd, &t), 0);
	t.c_lflag |= ICANON | ECHO;
	cr_assert_eq(tcsetattr(fd, TCSANOW, &t), 0);
	close(fd);
	tty_conn_look(&conn);
	fd = open_slave();
	cr_assert_eq(tcgetattr(fd, &t), 0);
	cr_assert_eq(t.c_lflag & (ICANON | ECHO), 0);
	close_slave(fd);
}

Test(tty_conn, two_that_have_it_open_are_one_until_both_close)
{
	int a = open_slave(), b = open_slave();

	say(a, "cmdO");
	close(a);
	turns(20);
	cr_assert_eq(conn.state, TTY_OPEN);
	cr_assert_eq(consumer.connections, 1);
	close_slave(b);
	cr_assert_not(conn.vrng.paused);
}

Test(tty_conn, without_a_device_refuse_gives_nothing)
{
	int fd;

	conn.plain = true;
	consumer.service.policy.when_absent = SERVICE_REFUSE;
	env.absent = true;
	fill(4);
	fd = open_slave();
	cr_assert_eq(unread(fd), 0);
	cr_assert_eq(tty_conn_supply(&conn), SUPPLY_NONE);
	env.absent = false;
	conn.sink.refresh(&conn.sink);
	cr_assert_eq(unread(fd), 4 * POOL_BLOCK);
	close_slave(fd);
}

Test(tty_conn, another_class_while_it_is_open)
{
	struct service_policy drbg = { SERVICE_DRBG, SERVICE_HOLD };
	uint8_t *got = malloc(65536);
	int fd;

	conn.plain = true;
	fill(1);
	fd = open_slave();
	cr_assert_eq(hear(fd, got, POOL_BLOCK), POOL_BLOCK);
	cr_assert_eq(tty_conn_set_service(&conn, &drbg), 0);
	fill(1); /* its seed */
	cr_assert_eq(hear(fd, got, 65536), 65536);
	cr_assert_eq(consumer.service.seeds, 1);
	free(got);
	close_slave(fd);
}

/* How many of the next blocks it gets beside another who wants some, too. */
static int share(int blocks)
{
	struct sched_limits lim = { .weight = 1 };
	int other, mine = 0, i;
	struct sched_entry *e = sched_add(env.sched, &lim, &other, 0);

	sched_want(env.sched, e, true);
	for (i = 0; i < blocks; i++)
		mine += sched_next(env.sched, egd_conn_now_us()) == &conn.sink;
	sched_remove(env.sched, e);
	return mine;
}

Test(tty_conn, a_start_goes_ahead_but_not_one_upon_the_other)
{
	int fd;

	conn.plain = true;
	consumer.kind = CONSUMER_CONTAINER;
	tty_conn_power_up(&conn);
	fd = open_slave();
	cr_assert_eq(share(SCHED_BOOT_RESERVE / SCHED_BLOCK),
		     SCHED_BOOT_RESERVE / SCHED_BLOCK);
	close_slave(fd);
	tty_conn_power_up(&conn);
	fd = open_slave();
	cr_assert_leq(share(8), 5);
	close_slave(fd);
	consumer.booted_us -= CONSUMER_BOOT_GAP_US;
	tty_conn_power_up(&conn);
	fd = open_slave();
	cr_assert_eq(share(8), 8);
	close_slave(fd);
}

Test(tty_conn, another_process_goes_on)
{
	struct handover_tty left;
	char unit[VRNG_UNIT];
	uint8_t got[POOL_BLOCK];
	int fd = open_slave();

	say(fd, "cmdOcmd6");
	left = record;
	cr_assert(handover_tty_valid(&left));
	cr_assert_eq(left.phase, TTY_OPEN);
	memcpy(unit, conn.vrng.unit, sizeof(unit));
	vrng_init(&conn.vrng, unit);
	conn.state = TTY_CLOSED;
	event_del(&conn.read_ev);
	event_del(&conn.drain_ev);
	tty_conn_resume(&conn, &left);
	cr_assert_eq(conn.state, TTY_OPEN);
	cr_assert(conn.dirty);
	cr_assert_eq(conn.vrng.mode, 6);
	fill(1);
	cr_assert_eq(hear(fd, got, sizeof(got)), sizeof(got));
	close_slave(fd);
}

Test(tty_conn, what_another_process_wrote_is_wiped_too)
{
	struct handover_tty left = { .phase = TTY_WIPING };
	uint8_t got[POOL_BLOCK];
	struct termios t;
	int fd;

	cr_assert_eq(tty_pty_write(&conn.pty, "left", 4), 4);
	cr_assert_eq(tcgetattr(conn.pty.master, &t), 0);
	t.c_lflag |= ECHO;
	cr_assert_eq(tcsetattr(conn.pty.master, TCSANOW, &t), 0);
	tty_conn_resume(&conn, &left);
	cr_assert_eq(conn.state, TTY_WIPING);
	until(TTY_CLOSED);
	fd = open_slave();
	cr_assert_eq(read(fd, got, sizeof(got)), -1);
	cr_assert_eq(tcgetattr(fd, &t), 0);
	cr_assert_eq(t.c_lflag & ECHO, 0);
	close_slave(fd);
}

Test(tty_conn, what_another_process_did_not_wipe_nobody_reads)
{
	struct handover_tty left = { .phase = TTY_WIPING };
	uint8_t got[POOL_BLOCK];
	int fd = open(node, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	cr_assert_eq(tty_pty_write(&conn.pty, "left", 4), 4);
	tty_conn_resume(&conn, &left);
	cr_assert_eq(conn.state, TTY_WIPING);
	until(TTY_OPEN);
	cr_assert_eq(read(fd, got, sizeof(got)), -1);
	close_slave(fd);
}

Test(tty_conn, a_record_that_makes_no_sense_is_a_power_up)
{
	struct handover_tty left = { .reply = 200, .mode = 77 };

	tty_conn_resume(&conn, &left);
	cr_assert(conn.vrng.paused);
	cr_assert_eq(conn.vrng.mode, 0);
	left = (struct handover_tty){ .activity = HANDOVER_SENDING,
				      .reply = VRNG_IMAGE,
				      .reply_at = 99 };
	tty_conn_resume(&conn, &left);
	cr_assert_eq(conn.vrng.reply, VRNG_NOTHING);
	cr_assert_not(conn.vrng.paused);
}
