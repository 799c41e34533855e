/*
 * What one block costs the scheduler: with 1,000 flooding consumers, and with
 * one that may have it among 1,000 throttled ones.
 */
#include <stdio.h>
#include <time.h>

#include "host-agent/sched.h"

#define N      1000
#define BLOCKS 2000000
/* 200,000 blocks a second are to leave 9 tenths of a core to others. */
#define BOUND_NS 500

static double cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int measure(const char *name, const struct sched_limits *lim)
{
	const struct sched_limits one = { .weight = 1 };
	struct sched_entry *e[N + 1];
	struct sched *s = sched_new();
	double start, ns;

	for (int i = 0; s && i <= N; i++) {
		e[i] = sched_add(s, i < N ? lim : &one, &e[i], 0);
		if (!e[i])
			return 1;
		sched_want(s, e[i], true);
	}
	for (int i = 0; s && i <= N; i++)
		sched_next(s, 0);
	start = cpu_ns();
	for (uint64_t k = 0; s && k < BLOCKS; k++)
		if (!sched_next(s, k))
			return 1;
	ns = (cpu_ns() - start) / BLOCKS;
	printf("bench %-34s %10.1f ns/block (bound <= %d) %s\n", name, ns,
	       BOUND_NS, ns <= BOUND_NS ? "pass" : "MISSED");
	for (int i = 0; s && i <= N; i++)
		sched_remove(s, e[i]);
	sched_free(s);
	return ns > BOUND_NS;
}

int main(void)
{
	const struct sched_limits flooding = { .weight = 1 };
	const struct sched_limits limited = { 1000, 64, 1 };
	const struct sched_limits stopped = { 1, 64, 1 };
	int missed = measure("sched-flooding:", &flooding);

	missed |= measure("sched-limited:", &limited);
	return missed | measure("sched-throttled:", &stopped);
}
