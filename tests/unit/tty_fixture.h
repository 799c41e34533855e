/*
 * tty_fixture.h - a container's terminal, with a real one, and the publisher
 * around it, for the tests of tty_conn*.c and tty_state.c
 */
#ifndef TESTS_UNIT_TTY_FIXTURE_H
#define TESTS_UNIT_TTY_FIXTURE_H

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "common/log.h"
#include "common/secmem.h"
#include "host-agent/egd_conn.h"
#include "host-agent/handover_record.h"
#include "host-agent/tty_conn.h"
#include "tests/unit/keeper_fixture.h"

#define BLOCKS 256

static struct egd_conn_env env;
static struct tty_conn conn;
static struct consumer consumer;
static struct handover_tty record;
static char node[TTY_PTY_NODE_MAX];
static uint8_t next_byte;

/* What the publisher does in its turns. */
static inline void serve(void *ctx)
{
	struct sink *s;

	(void)ctx;
	env.now_us = egd_conn_now_us();
	while (pool_blocks(env.pool) && (s = sched_next(env.sched, env.now_us)))
		s->deliver(s);
	while ((s = sched_next(env.light, env.now_us)))
		s->deliver_made(s);
}

static inline void setup_unserved(void)
{
	struct sched_limits lim = { .weight = 1 };
	struct tty_pty pty;
	char unit[VRNG_UNIT];

	log_init("test", LOG_LEVEL_ERR);
	TAILQ_INIT(&env.now);
	env.base = event_base_new();
	env.sched = sched_new();
	env.light = sched_new();
	env.pool = pool_new(BLOCKS);
	env.out = secmem_alloc(EGD_CONN_OUT);
	env.serve = serve;
	cr_assert_eq(tty_pty_make(&pty), 0);
	keeper_begin(env.base);
	cr_assert_eq(tty_conn_init(&conn, &env, keeper, &consumer, &pty), 0);
	vrng_unit(unit, 1);
	vrng_init(&conn.vrng, unit);
	conn.record = &record;
	consumer.limits = lim;
	consumer.entry = sched_add(env.sched, &lim, &conn.sink, 0);
	consumer.light = sched_add(env.light, &lim, &conn.sink, 0);
	tty_pty_node(&pty, node);
}

static inline void setup(void)
{
	setup_unserved();
	keeper_serve();
}

static inline void teardown(void)
{
	tty_conn_free(&conn);
	keeper_finish();
	cr_assert_eq(env.wanting, 0);
	cr_assert_eq(env.light_wanting, 0);
	sched_remove(env.light, consumer.light);
	sched_remove(env.sched, consumer.entry);
	sched_free(env.light);
	sched_free(env.sched);
	pool_free(env.pool);
	secmem_free(env.out);
	event_base_free(env.base);
}

/* Block number i is 64 bytes of i, never 3: whose bytes arrived can be seen. */
static inline void fill(int blocks)
{
	uint8_t block[POOL_BLOCK];

	while (blocks--) {
		memset(block, next_byte++ % 200 + 4, sizeof(block));
		cr_assert_eq(pool_put(env.pool, block, 0), 0);
	}
}

static inline void turn(void)
{
	event_base_loop(env.base, EVLOOP_NONBLOCK);
	serve(NULL);
}

/* Turns for so long. */
static inline void turns(int ms)
{
	uint64_t end = egd_conn_now_us() + (uint64_t)ms * 1000;

	while (egd_conn_now_us() < end) {
		turn();
		usleep(500);
	}
}

/* Until it is so. */
static inline void until(enum tty_conn_state state)
{
	uint64_t end = egd_conn_now_us() + 5000000;

	while (conn.state != state && egd_conn_now_us() < end)
		turns(2);
	cr_assert_eq(conn.state, state);
}

static inline int open_slave(void)
{
	int fd = open(node, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	cr_assert_geq(fd, 0);
	tty_conn_look(&conn);
	until(TTY_OPEN);
	return fd;
}

static inline void say(int fd, const char *text)
{
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	turns(10);
}

/* Reads n bytes, with turns as they are needed; fewer if no more come. */
static inline size_t hear(int fd, uint8_t *out, size_t n)
{
	uint64_t end = egd_conn_now_us() + 2000000;
	size_t have = 0;
	ssize_t got;

	while (have < n && egd_conn_now_us() < end) {
		turn();
		got = read(fd, out + have, n - have);
		if (got > 0)
			have += (size_t)got;
		else
			usleep(200);
	}
	return have;
}

/* What waits unread, once it has arrived. */
static inline int unread(int fd)
{
	int n = 0;

	turns(20);
	cr_assert_eq(ioctl(fd, FIONREAD, &n), 0);
	return n;
}

/* Until it is known to be closed, and what was left wiped. */
static inline void close_slave(int fd)
{
	close(fd);
	turns(2);
	until(TTY_CLOSED);
}

#endif /* TESTS_UNIT_TTY_FIXTURE_H */
