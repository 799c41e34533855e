/*
 * keeper_fixture.h - the process of terminal.h as a thread, which may begin late
 */
#ifndef TESTS_UNIT_KEEPER_FIXTURE_H
#define TESTS_UNIT_KEEPER_FIXTURE_H

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host-agent/terminal.h"
#include "host-agent/tty_keeper.h"

static struct tty_keeper *keeper;
static struct rawmsg keeper_msg;
static struct child_env keeper_env = { .msg = &keeper_msg,
				       .log_level = "err",
				       .sandbox = "off" };
static int keeper_end[2];
static pthread_t keeper_thread;
static bool keeper_served;

static inline void *serve_keeper(void *arg)
{
	(void)arg;
	terminal_serve(keeper_end[1], 0);
	close(keeper_end[1]);
	return NULL;
}

static inline void keeper_serve(void)
{
	cr_assert_eq(pthread_create(&keeper_thread, NULL, serve_keeper, NULL),
		     0);
	keeper_served = true;
}

static inline void keeper_begin(struct event_base *base)
{
	keeper_env.base = base;
	keeper = tty_keeper_new(base, NULL);
	cr_assert_not_null(keeper);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				keeper_end),
		     0);
	cr_assert_geq(fcntl(keeper_end[0], F_SETFL, O_NONBLOCK), 0);
	tty_keeper_adopt(keeper, &keeper_env, keeper_end[0]);
}

static inline void keeper_finish(void)
{
	tty_keeper_free(keeper);
	if (keeper_served)
		pthread_join(keeper_thread, NULL);
}

#endif /* TESTS_UNIT_KEEPER_FIXTURE_H */
