#include "host-agent/egd_conn.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"

#define BLOCKS 64

static struct egd_conn_env env;
static struct egd_conn conn;
static struct consumer consumer;
static int peer; /* the other end */
static uint8_t out[1 + POOL_BLOCK], next_byte;

/* What the publisher does with one connection. */
static void serve(void *ctx)
{
	struct egd_conn *c;

	(void)ctx;
	while (pool_blocks(env.pool) &&
	       (c = sched_next(env.sched, egd_conn_now_us())))
		egd_conn_deliver(c);
	while ((c = TAILQ_FIRST(&env.now)))
		egd_conn_decline(c);
}

/* Block number i is 64 bytes of i: whose bytes arrived can be seen. */
static void fill(int blocks)
{
	uint8_t block[POOL_BLOCK];

	while (blocks--) {
		memset(block, ++next_byte, sizeof(block));
		cr_assert_eq(pool_put(env.pool, block, 0), 0);
	}
}

static void join(void)
{
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds),
		     0);
	peer = fds[1];
	cr_assert_eq(egd_conn_open(&conn, fds[0]), 0);
}

static void set_up(void)
{
	struct sched_limits lim = { .weight = 1 };

	log_init("test", LOG_LEVEL_ERR);
	next_byte = 0;
	memset(&env, 0, sizeof(env));
	memset(&consumer, 0, sizeof(consumer));
	TAILQ_INIT(&env.now);
	env.base = event_base_new();
	env.sched = sched_new();
	env.pool = pool_new(BLOCKS);
	env.out = out;
	env.serve = serve;
	egd_conn_init(&conn, &env, &consumer);
	consumer.entry = sched_add(env.sched, &lim, &conn, egd_conn_now_us());
	join();
}

static void tear_down(void)
{
	egd_conn_close(&conn, NULL);
	close(peer);
	sched_remove(env.sched, consumer.entry);
	sched_free(env.sched);
	pool_free(env.pool);
	event_base_free(env.base);
}

TestSuite(egd_conn, .init = set_up, .fini = tear_down);

/* Sends a request and lets the connection act on it. */
static void say(const void *bytes, size_t len)
{
	cr_assert_eq(send(peer, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
	event_base_loop(env.base, EVLOOP_NONBLOCK);
}

/* Everything that is there; 0 also at the end. */
static size_t hear(uint8_t *buf, size_t size)
{
	ssize_t n = recv(peer, buf, size, MSG_DONTWAIT);

	return n < 0 ? 0 : (size_t)n;
}

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
	cr_assert_eq(hear(buf, sizeof(buf)), 128);
	cr_assert_eq(consumer.ahead, 64);
	say("\x02\x40", 2);
	cr_assert_eq(hear(buf, sizeof(buf)), 64);
	cr_assert_eq(buf[0], 3);
	cr_assert_eq(consumer.ahead, 64);
	cr_assert_eq(consumer.requests, 2);
	cr_assert_eq(consumer.latency.count, 2);
}

Test(egd_conn, what_the_pool_lacks_is_owed_until_it_has_it)
{
	uint8_t buf[512];

	say("\x02\xff\x02\x01", 4);
	cr_assert_eq(hear(buf, sizeof(buf)), 0);
	cr_assert_eq(consumer.owed, 256);
	cr_assert_eq(env.owing, 1);
	fill(3);
	serve(NULL);
	cr_assert_eq(hear(buf, sizeof(buf)), 192);
	cr_assert_eq(consumer.owed, 64);
	fill(3);
	serve(NULL);
	cr_assert_eq(hear(buf, sizeof(buf)), 128);
	cr_assert_eq(env.owing, 0);
	cr_assert_eq(env.wanting, 0);
}

Test(egd_conn, nothing_is_given_before_something_is_asked)
{
	uint8_t buf[64];

	fill(10);
	serve(NULL);
	say("\x02\x00\x03\x00\x08\x01\xaa", 7);
	cr_assert_eq(hear(buf, sizeof(buf)), 0);
	cr_assert_eq(env.wanting, 0);
}

Test(egd_conn, classic_replies_come_in_order_and_exact)
{
	uint8_t buf[512], want[4] = { 0, 0, 0x14, 0 };
	char pid[16];
	size_t n, len = (size_t)snprintf(pid, sizeof(pid), "%d", getpid());

	fill(10);
	say("\x00\x01\x05\x02\x46\x04\x02\x01", 8);
	n = hear(buf, sizeof(buf));
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
	cr_assert_geq(hear(buf, sizeof(buf)), 2);
	cr_assert_eq(hear(buf, sizeof(buf)), 0);
	fill(1);
	serve(NULL);
	cr_assert_eq(hear(buf, sizeof(buf)), 64 + 4);
}

Test(egd_conn, a_non_blocking_read_of_an_empty_pool_gives_none)
{
	uint8_t buf[8];

	say("\x01\xff\x01\x01", 4);
	cr_assert_eq(hear(buf, sizeof(buf)), 2);
	cr_assert_eq(buf[0] + buf[1], 0);
	cr_assert_eq(consumer.owed, 0);
}

Test(egd_conn, too_many_waiting_commands_close_it)
{
	uint8_t request[3 + EGD_PUB_PENDING_MAX + 1] = { 4, 2, 1 };
	uint8_t buf[64];

	say(request, 3 + EGD_PUB_PENDING_MAX);
	hear(buf, sizeof(buf));
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
	n = hear(buf, sizeof(buf));
	cr_assert_eq(n, before);
	event_base_loop(env.base, EVLOOP_NONBLOCK);
	cr_assert(!conn.blocked || consumer.delivered > before);
	cr_assert_gt(hear(buf, sizeof(buf)), 0);
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
	event_base_loop(env.base, EVLOOP_NONBLOCK);
	cr_assert(!consumer.connected);
	cr_assert_eq(pool_blocks(env.pool), 8);
}

Test(egd_conn, a_peer_that_only_stopped_asking_gets_what_it_is_owed)
{
	uint8_t buf[512];

	say("\x02\x40", 2);
	shutdown(peer, SHUT_WR);
	event_base_loop(env.base, EVLOOP_NONBLOCK);
	cr_assert(consumer.connected);
	fill(5);
	serve(NULL);
	cr_assert_eq(hear(buf, sizeof(buf)), 64);
	cr_assert(!consumer.connected);
	cr_assert_eq(pool_blocks(env.pool), 4);
}

Test(egd_conn, a_silent_peer_is_pushed_a_block_after_a_while)
{
	uint8_t buf[512];

	fill(10);
	event_base_loop(env.base, EVLOOP_ONCE);
	cr_assert_eq(consumer.pushed, 64);
	cr_assert_eq(hear(buf, sizeof(buf)), 64);
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
