/*
 * agent_fixture.h - what domains and containers of an agent stand on: a
 * runtime directory, a pool, a publisher, devices
 */
#ifndef TESTS_UNIT_AGENT_FIXTURE_H
#define TESTS_UNIT_AGENT_FIXTURE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "host-agent/control.h"
#include "host-agent/devset.h"
#include "host-agent/egd_pub.h"
#include "host-agent/hostconf.h"
#include "host-agent/letgo.h"
#include "host-agent/pool.h"
#include "host-agent/sched.h"
#include "tests/unit/folder.h"

static char why[CONTROL_WHY_MAX];
static struct event_base *base;
static struct sched *sched;
static struct pool *pool;
static struct egd_pub *pub;
static struct devset *devices;
static struct letgo *letgo;
static struct hostconf conf;

static inline void nothing(void *ctx)
{
	(void)ctx;
}

static inline void agent_begin(void (*letgo_changed)(void *ctx))
{
	base = event_base_new();
	sched = sched_new();
	pool = pool_new(4);
	pub = egd_pub_new(base, sched, pool, nothing, NULL);
	devices = devset_new(base, pool, nothing, NULL);
	devset_configure(devices, &conf);
	letgo = letgo_new(base, devices, letgo_changed, NULL);
}

static inline void agent_end(void)
{
	letgo_free(letgo);
	egd_pub_free(pub);
	devset_free(devices);
	pool_free(pool);
	sched_free(sched);
	event_base_free(base);
}

/* A runtime directory with below in it, and a configuration of nothing. */
static inline void agent_setup(const char *below)
{
	char path[80];

	log_init("test", LOG_LEVEL_ERR);
	folder_make();
	snprintf(path, sizeof(path), "%s/%s", folder, below);
	cr_assert_eq(mkdir(path, 0700), 0);
	memset(&conf, 0, sizeof(conf));
}

#endif /* TESTS_UNIT_AGENT_FIXTURE_H */
