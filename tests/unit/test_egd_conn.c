#include "host-agent/egd_conn.h"

#include <errno.h>
#include <stdio.h>

#include "tests/unit/egd_fixture.h"

static void join(void)
{
	cr_assert_eq(egd_conn_open(&conn, pair()), 0);
}

static void set_up(void)
{
	publish();
	join();
}

static void tear_down(void)
{
	close(peer);
	unpublish();
}

TestSuite(egd_conn, .init = set_up, .fini = tear_down);

static bool hung_up(void)
{
	char c;

	return recv(peer, &c, 1, MSG_DONTWAIT) == 0;
}

Test(egd_conn, one_block_is_ahead_of_the_request_and_only_one)
{
	uint8_t buf[512];

	fill(10);
	say("\x02\x40", 2);
	cr_assert_eq(hear_into(buf, sizeof(buf)), 128);
	cr_assert_eq(consumer.ahead, 64);
	say("\x02\x40", 2);
	cr_assert_eq(hear_into(buf, sizeof(buf)), 64);
	cr_assert_eq(buf[0], 3);
	cr_assert_eq(consumer.ahead, 64);
	cr_assert_eq(consumer.requests, 2);
	cr_assert_eq(consumer.latency.count, 2);
}

Test(egd_conn, what_the_pool_lacks_is_owed_until_it_has_it)
{
	uint8_t buf[512];

	say("\x02\xff\x02\x01", 4);
	cr_assert_eq(hear_into(buf, sizeof(buf)), 0);
	cr_assert_eq(consumer.owed, 256);
	cr_assert_eq(env.owing, 1);
	fill(3);
	serve(NULL);
	cr_assert_eq(hear_into(buf, sizeof(buf)), 192);
	cr_assert_eq(consumer.owed, 64);
	fill(3);
	serve(NULL);
	cr_assert_eq(hear_into(buf, sizeof(buf)), 128);
	cr_assert_eq(env.owing, 0);
	cr_assert_eq(env.wanting, 0);
}

Test(egd_conn, nothing_is_given_before_something_is_asked)
{
	uint8_t buf[64];

	fill(10);
	serve(NULL);
	say("\x02\x00\x03\x00\x08\x01\xaa", 7);
	cr_assert_eq(hear_into(buf, sizeof(buf)), 0);
	cr_assert_eq(env.wanting, 0);
}

Test(egd_conn, classic_replies_come_in_order_and_exact)
{
	uint8_t buf[512], want[4] = { 0, 0, 0x14, 0 };
	char pid[16];
	size_t n, len = (size_t)snprintf(pid, sizeof(pid), "%d", getpid());

	fill(10);
	say("\x00\x01\x05\x02\x46\x04\x02\x01", 8);
	n = hear_into(buf, sizeof(buf));
	cr_assert_eq(n, 4 + 1 + 5 + 70 + 1 + len + 1);
	cr_assert_arr_eq(buf, want, 4);
	cr_assert_eq(buf[4], 5);
	cr_assert_eq(buf[9], 1);
	cr_assert_eq(buf[10], 2);
	cr_assert_eq(buf[80], len);
	cr_assert_arr_eq(buf + 81, pid, len);
	cr_assert_eq(consumer.ahead, 0);
	cr_assert_eq(consumer.delivered, 76);
	/* the rest of each block is nobody's */
	cr_assert_eq(consumer.discarded, (64 - 5) + (64 - 6) + (64 - 1));
}

Test(egd_conn, a_classic_command_waits_for_owed_bytes)
{
	uint8_t buf[512];

	say("\x04\x02\x40\x00", 4);
	cr_assert_geq(hear_into(buf, sizeof(buf)), 2);
	cr_assert_eq(hear_into(buf, sizeof(buf)), 0);
	fill(1);
	serve(NULL);
	cr_assert_eq(hear_into(buf, sizeof(buf)), 64 + 4);
}

Test(egd_conn, a_non_blocking_read_of_an_empty_pool_gives_none)
{
	uint8_t buf[8];

	say("\x01\xff\x01\x01", 4);
	cr_assert_eq(hear_into(buf, sizeof(buf)), 2);
	cr_assert_eq(buf[0] + buf[1], 0);
	cr_assert_eq(consumer.owed, 0);
}

Test(egd_conn, too_many_waiting_commands_close_it)
{
	uint8_t request[3 + EGD_PUB_PENDING_MAX + 1] = { 4, 2, 1 };
	uint8_t buf[64];

	say(request, 3 + EGD_PUB_PENDING_MAX);
	hear_into(buf, sizeof(buf));
	cr_assert(consumer.connected);
	say(request + 3, 1);
	cr_assert(!consumer.connected);
	cr_assert(hung_up());
}

Test(egd_conn, a_classic_command_behind_bytes_given_ahead_closes_it)
{
	fill(10);
	say("\x02\x40", 2);
	cr_assert_eq(consumer.ahead, 64);
	say("\x00", 1);
	cr_assert(!consumer.connected);
}

Test(egd_conn, an_unknown_command_closes_it)
{
	say("\x02\x40\x05", 3);
	cr_assert(!consumer.connected);
	cr_assert(hung_up());
	cr_assert_eq(env.wanting, 0);
	cr_assert_eq(env.owing, 0);
	cr_assert_eq(consumer.owed, 0);
}

Test(egd_conn, what_a_full_socket_does_not_take_is_wiped_not_kept)
{
	uint8_t request[512], buf[65536];
	uint64_t before;
	size_t i, n;

	for (i = 0; i < sizeof(request); i += 2) {
		request[i] = 2;
		request[i + 1] = 255;
	}
	say(request, sizeof(request));
	for (i = 0; i < 40 && !conn.blocked; i++) {
		fill(BLOCKS - (int)pool_blocks(env.pool));
		serve(NULL);
	}
	cr_assert(conn.blocked);
	cr_assert_eq(consumer.discarded, 64);
	before = consumer.delivered;
	serve(NULL);
	cr_assert_eq(consumer.delivered, before);
	n = hear_into(buf, sizeof(buf));
	cr_assert_eq(n, before);
	turn();
	cr_assert(!conn.blocked || consumer.delivered > before);
	cr_assert_gt(hear_into(buf, sizeof(buf)), 0);
	/* the discarded block's number is skipped */
	cr_assert_neq(buf[0], 0);
	for (i = 0; i < sizeof(out); i++)
		cr_assert_eq(out[i], 0);
}

Test(egd_conn, a_dead_peer_costs_one_block)
{
	fill(10);
	say("\x02\x40", 2);
	close(peer);
	peer = -1;
	cr_assert(egd_conn_is_hung_up(&conn));
	turn();
	cr_assert(!consumer.connected);
	cr_assert_eq(pool_blocks(env.pool), 8);
}

Test(egd_conn, a_peer_that_only_stopped_asking_gets_what_it_is_owed)
{
	uint8_t buf[512];

	say("\x02\x40", 2);
	shutdown(peer, SHUT_WR);
	turn();
	cr_assert(consumer.connected);
	fill(5);
	serve(NULL);
	cr_assert_eq(hear_into(buf, sizeof(buf)), 64);
	cr_assert(!consumer.connected);
	cr_assert_eq(pool_blocks(env.pool), 4);
}

Test(egd_conn, a_silent_peer_is_pushed_a_block_after_a_while)
{
	uint8_t buf[512];

	fill(10);
	event_base_loop(env.base, EVLOOP_ONCE);
	cr_assert_eq(consumer.pushed, 64);
	cr_assert_eq(hear_into(buf, sizeof(buf)), 64);
	cr_assert_eq(consumer.ahead, 64);
}

Test(egd_conn, what_was_asked_and_delivered_is_forgotten_with_the_connection)
{
	fill(2);
	say("\x02\xff", 2);
	egd_conn_close(&conn, NULL);
	close(peer);
	cr_assert_eq(consumer.owed, 0);
	cr_assert_eq(consumer.asked, 255);
	cr_assert_eq(consumer.delivered, 128);
	join();
	fill(5);
	serve(NULL);
	cr_assert_eq(consumer.delivered, 128);
	cr_assert_eq(consumer.connections, 2);
}

/* The same peer as one of class drbg, its DRBG seeded. */
static void join_drbg(const char *first, size_t len)
{
	egd_conn_close(&conn, NULL);
	close(peer);
	consumer.service.policy.class = SERVICE_DRBG;
	consumer.delivered = 0;
	fill(1);
	join();
	say(first, len);
	cr_assert_eq(consumer.service.seeds, 1);
}

static void nobody(void *ctx)
{
	(void)ctx;
}

/* Requests of 255 bytes, 1 to 64 of them. */
static void say_many(size_t requests)
{
	uint8_t buf[2 * 64];

	memset(buf, 0xff, sizeof(buf));
	for (size_t i = 0; i < requests; i++)
		buf[2 * i] = 2;
	say(buf, 2 * requests);
}

static void assert_wiped(void)
{
	for (size_t i = 0; i < sizeof(out); i++)
		cr_assert_eq(out[i], 0);
}

Test(egd_conn, what_a_drbg_has_open_comes_whole_and_one_block_ahead)
{
	uint8_t buf[8192];
	size_t n, i;

	join_drbg("\x02\x40", 2);
	cr_assert_eq(hear_into(buf, sizeof(buf)), 128);
	say_many(10);
	/* 2550 bytes, 64 of them are there already, in whole blocks */
	n = hear_into(buf, sizeof(buf));
	cr_assert_eq(n, 39 * 64);
	cr_assert_eq(consumer.ahead, 128 + 39 * 64 - 64 - 2550);
	cr_assert_eq(consumer.asked, 64 + 2550);
	cr_assert_eq(consumer.delivered, 128 + 39 * 64);
	cr_assert_eq(consumer.discarded, 0);
	cr_assert_eq(env.blocks_sent, 41);
	for (i = 64; i < n; i += 64)
		cr_assert_neq(memcmp(buf + i, buf + i - 64, 64), 0);
	assert_wiped();
}

Test(egd_conn, a_batch_has_sixteen_blocks_at_most)
{
	struct egd_conn *c;

	join_drbg("\x02\x40", 2);
	env.serve = nobody;
	say_many(5);
	c = sched_next(env.light, env.now_us);
	cr_assert_eq(c, &conn);
	cr_assert_eq(egd_conn_deliver_made(c), EGD_PUB_BATCH);
	cr_assert_eq(consumer.delivered, 128 + EGD_PUB_BATCH * POOL_BLOCK);
	c = sched_next(env.light, env.now_us);
	cr_assert_eq(egd_conn_deliver_made(c), 3);
	cr_assert_null(sched_next(env.light, env.now_us));
}

Test(egd_conn, a_classic_peer_of_a_drbg_gets_exact_bytes)
{
	uint8_t buf[2048];

	join_drbg("\x02\xff\x02\xff\x02\x07\x01\xff", 8);
	cr_assert_eq(hear_into(buf, sizeof(buf)), 255 + 255 + 7 + 1 + 255);
	cr_assert_eq(buf[255 + 255 + 7], 255);
	cr_assert_eq(consumer.ahead, 0);
	cr_assert_eq(consumer.delivered, 3 * 255 + 7);
	cr_assert_eq(consumer.discarded, 0);
}

Test(egd_conn, a_batch_is_charged_block_by_block)
{
	const struct sched_limits lim = { .rate_bytes = 1,
					  .burst_bytes = 320,
					  .weight = 1 };
	uint8_t buf[2048];

	sched_set_limits(consumer.light, &lim, egd_conn_now_us());
	join_drbg("\x02\xff\x02\xff", 4);
	cr_assert_eq(hear_into(buf, sizeof(buf)), 320);
	cr_assert_eq(consumer.owed, 510 - 320);
}

Test(egd_conn, of_a_batch_that_a_full_socket_does_not_take_nothing_is_kept)
{
	static uint8_t buf[1 << 18];
	size_t n, had = 0;

	join_drbg("\x02\x01", 2);
	for (int i = 0; i < 64 && !conn.blocked; i++)
		say_many(64);
	cr_assert(conn.blocked);
	cr_assert_gt(consumer.discarded, 0);
	cr_assert_leq(consumer.discarded, EGD_PUB_BATCH * POOL_BLOCK);
	assert_wiped();
	while (consumer.owed || had < consumer.delivered) {
		n = hear_into(buf, sizeof(buf));
		cr_assert_gt(n, 0);
		had += n;
		turn();
	}
	cr_assert_eq(had, consumer.delivered);
	assert_wiped();
}
