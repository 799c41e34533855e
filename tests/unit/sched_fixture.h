/*
 * sched_fixture.h - consumers of a scheduler, for its tests
 */
#ifndef TESTS_UNIT_SCHED_FIXTURE_H
#define TESTS_UNIT_SCHED_FIXTURE_H

#include <criterion/criterion.h>

#include "host-agent/sched.h"

/* A consumer as the simulations see it. */
struct sim {
	struct sched_entry *e;
	uint64_t blocks;
};

static inline void add(struct sched *s, struct sim *c, uint64_t rate,
		       uint64_t burst, unsigned int weight)
{
	const struct sched_limits lim = { rate, burst, weight };

	c->e = sched_add(s, &lim, c, 0);
	cr_assert_not_null(c->e);
	sched_want(s, c->e, true);
}

static inline void remove_all(struct sched *s, struct sim *c, size_t n)
{
	while (n--)
		sched_remove(s, c[n].e);
	sched_free(s);
}

static inline struct sim *next(struct sched *s, uint64_t now_us)
{
	struct sim *c = sched_next(s, now_us);

	if (c)
		c->blocks++;
	return c;
}

#endif /* TESTS_UNIT_SCHED_FIXTURE_H */
