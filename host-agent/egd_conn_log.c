/*
 * egd_conn_log.c - a connection's name, clock, and lines in the log
 */
#include <stdio.h>
#include <time.h>

#include "common/log.h"
#include "host-agent/egd_conn.h"

uint64_t egd_conn_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

bool egd_conn_may_log(uint64_t *last_us)
{
	uint64_t now = egd_conn_now_us();

	if (*last_us && now - *last_us < EGD_PUB_LOG_GAP_S * 1000000ull)
		return false;
	*last_us = now;
	return true;
}

void egd_conn_id(const struct egd_conn *c, char out[static EGD_CONN_ID_MAX])
{
	const struct consumer *s = c->consumer;

	snprintf(out, EGD_CONN_ID_MAX, "onerng-hostd %s %s %llu.%llu",
		 consumer_kind_name(s->kind), s->uuid[0] ? s->uuid : s->name,
		 (unsigned long long)s->connections,
		 (unsigned long long)s->drbgs);
}

void egd_conn_tell_drbg(struct egd_conn *c, const char *why)
{
	if (egd_conn_may_log(&c->closed_us))
		log_err("%s %s: %s", consumer_kind_name(c->consumer->kind),
			c->consumer->name, why);
}

void egd_conn_tell_kernel(struct egd_conn *c)
{
	if (!c->kernel_told)
		log_warn("%s %s: no device serves: gets the kernel's bytes",
			 consumer_kind_name(c->consumer->kind),
			 c->consumer->name);
	c->kernel_told = true;
}
