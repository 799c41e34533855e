/*
 * egd_fixture.h - one connection between a pool and a peer, and the publisher
 * around it, for the tests of egd_conn*.c and egd_state.c
 */
#ifndef TESTS_UNIT_EGD_FIXTURE_H
#define TESTS_UNIT_EGD_FIXTURE_H

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "host-agent/egd_conn.h"

#define BLOCKS 64

static struct egd_conn_env env;
static struct egd_conn conn;
static struct consumer consumer;
static int peer; /* the other end */
static uint8_t out[EGD_CONN_OUT], next_byte;

/* What the publisher does with one connection. */
static inline void serve(void *ctx)
{
	struct egd_conn *c;

	(void)ctx;
	env.now_us = egd_conn_now_us();
	while (pool_blocks(env.pool) && (c = sched_next(env.sched, env.now_us)))
		egd_conn_deliver(c);
	while ((c = sched_next(env.light, env.now_us)))
		egd_conn_deliver_made(c);
	while ((c = TAILQ_FIRST(&env.now)))
		egd_conn_decline(c);
}

/* Block number i is 64 bytes of i: whose bytes arrived can be seen. */
static inline void fill(int blocks)
{
	uint8_t block[POOL_BLOCK];

	while (blocks--) {
		memset(block, ++next_byte, sizeof(block));
		cr_assert_eq(pool_put(env.pool, block, 0), 0);
	}
}

/* A publisher without a peer. */
static inline void publish(void)
{
	struct sched_limits lim = { .weight = 1 };

	log_init("test", LOG_LEVEL_ERR);
	next_byte = 0;
	memset(&env, 0, sizeof(env));
	memset(&consumer, 0, sizeof(consumer));
	TAILQ_INIT(&env.now);
	env.base = event_base_new();
	env.sched = sched_new();
	env.light = sched_new();
	env.pool = pool_new(BLOCKS);
	env.out = out;
	env.serve = serve;
	egd_conn_init(&conn, &env, &consumer);
	consumer.entry = sched_add(env.sched, &lim, &conn, egd_conn_now_us());
	consumer.light = sched_add(env.light, &lim, &conn, egd_conn_now_us());
}

static inline void unpublish(void)
{
	egd_conn_close(&conn, NULL);
	sched_remove(env.light, consumer.light);
	sched_remove(env.sched, consumer.entry);
	sched_free(env.light);
	sched_free(env.sched);
	pool_free(env.pool);
	event_base_free(env.base);
}

/* Our end of a new pair; the other one is the peer. */
static inline int pair(void)
{
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds),
		     0);
	peer = fds[1];
	return fds[0];
}

static inline void turn(void)
{
	event_base_loop(env.base, EVLOOP_NONBLOCK);
}

/* Sends a request and lets the connection act on it. */
static inline void say(const void *bytes, size_t len)
{
	cr_assert_eq(send(peer, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
	turn();
}

/* Everything that is there; 0 also at the end. */
static inline size_t hear_into(uint8_t *buf, size_t size)
{
	ssize_t n = recv(peer, buf, size, MSG_DONTWAIT);

	return n < 0 ? 0 : (size_t)n;
}

#endif /* TESTS_UNIT_EGD_FIXTURE_H */
