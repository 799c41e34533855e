/*
 * sched_check.h - drives a scheduler and compares it with a naive model
 *
 * For the unit test's random operations and the fuzz target alike.  The model
 * knows no lists and no heap: per consumer its tokens in millionths of a byte,
 * what it wants and what is left of its boot reserve.
 */
#ifndef TESTS_FUZZ_SCHED_CHECK_H
#define TESTS_FUZZ_SCHED_CHECK_H

#include <string.h>

#include "host-agent/sched.h"

#define SCHED_CHECK_N  12 /* consumers */
#define SCHED_CHECK_OP 4  /* bytes per operation */

struct sched_check_consumer {
	struct sched_entry *e; /* NULL: not there */
	struct sched_limits lim;
	__int128 micro; /* tokens, millionths of a byte */
	uint64_t last_us;
	uint64_t boot_blocks;
	bool want;
	/*
	 * How far others are ahead of this one since it wants without pause:
	 * turns, in 1/60.
	 */
	int64_t ahead[SCHED_CHECK_N];
};

#define SCHED_CHECK_TURN 60 /* a multiple of every weight used here */

struct sched_check {
	struct sched *s;
	uint64_t now_us;
	struct sched_check_consumer c[SCHED_CHECK_N];
};

static inline __int128 sched_check_size(const struct sched_limits *lim)
{
	uint64_t size = lim->burst_bytes ? lim->burst_bytes : lim->rate_bytes;

	if (size < SCHED_BLOCK)
		size = SCHED_BLOCK;
	return (__int128)(size > INT64_MAX ? INT64_MAX : size) * 1000000;
}

static inline uint64_t sched_check_rate(const struct sched_limits *lim)
{
	return lim->rate_bytes > INT64_MAX ? INT64_MAX : lim->rate_bytes;
}

static inline void sched_check_earn(struct sched_check *k,
				    struct sched_check_consumer *c)
{
	__int128 size = sched_check_size(&c->lim);

	c->micro +=
		(__int128)sched_check_rate(&c->lim) * (k->now_us - c->last_us);
	if (c->micro > size)
		c->micro = size;
	c->last_us = k->now_us;
}

/* What its tokens must reach for a block. */
static inline __int128 sched_check_need(const struct sched_check_consumer *c)
{
	int64_t bytes = SCHED_BLOCK;

	if (c->boot_blocks)
		bytes -= SCHED_BOOT_RESERVE;
	return (__int128)bytes * 1000000;
}

static inline bool sched_check_may(struct sched_check *k,
				   struct sched_check_consumer *c)
{
	if (!c->e || !c->want)
		return false;
	sched_check_earn(k, c);
	return c->lim.rate_bytes == 0 || c->micro >= sched_check_need(c);
}

/* Nobody may have a block: how long until somebody may? */
static inline int64_t sched_check_wait(struct sched_check *k)
{
	int64_t best = -1;

	for (size_t i = 0; i < SCHED_CHECK_N; i++) {
		struct sched_check_consumer *c = &k->c[i];
		__int128 wait, rate = sched_check_rate(&c->lim);

		if (!c->e || !c->want)
			continue;
		sched_check_earn(k, c);
		wait = (sched_check_need(c) - c->micro + rate - 1) / rate;
		if (best < 0 || wait < best)
			best = (int64_t)wait;
	}
	return best;
}

static inline void sched_check_unsettle(struct sched_check_consumer *c)
{
	memset(c->ahead, 0, sizeof(c->ahead));
}

static inline const char *sched_check_nothing(struct sched_check *k)
{
	for (size_t i = 0; i < SCHED_CHECK_N; i++) {
		struct sched_check_consumer *c = &k->c[i];

		if (sched_check_may(k, c))
			return "nobody got a block that one might have";
		if (c->e && sched_is_throttled(c->e) != c->want)
			return "throttled and not told, or told and not so";
		/*
		 * A pause that no block shows: it has been passed over, so the
		 * rest of its turn is gone, and if it wants again before the
		 * next block it is behind those who come back earlier.
		 */
		if (!c->want)
			sched_check_unsettle(c);
	}
	if (sched_wait_us(k->s, k->now_us) != sched_check_wait(k))
		return "told a wrong time to wait";
	return NULL;
}

/*
 * From the end of one turn of a steady consumer to the end of its next nobody
 * has more than one.  So over whatever time nobody gets more than two turns
 * less a block more than it: the time may begin with somebody's turn before
 * the last block of its own, and end with somebody's before its next.
 */
static inline const char *sched_check_turns(struct sched_check *k, size_t got)
{
	int64_t part = SCHED_CHECK_TURN / k->c[got].lim.weight;

	for (size_t i = 0; i < SCHED_CHECK_N; i++) {
		struct sched_check_consumer *c = &k->c[i];
		int64_t most;

		if (!c->e || !c->want || c->lim.rate_bytes) {
			sched_check_unsettle(c);
			continue;
		}
		most = 2 * SCHED_CHECK_TURN - SCHED_CHECK_TURN / c->lim.weight;
		c->ahead[got] += part;
		if (i != got && c->ahead[got] > most)
			return "two turns ahead of a steady consumer";
		for (size_t j = 0; j < SCHED_CHECK_N && i == got; j++)
			c->ahead[j] = c->ahead[j] > part ? c->ahead[j] - part
							 : 0;
	}
	return NULL;
}

static inline const char *sched_check_next(struct sched_check *k, bool *some)
{
	struct sched_check_consumer *c = sched_next(k->s, k->now_us);

	*some = c != NULL;
	if (!c)
		return sched_check_nothing(k);
	if (!sched_check_may(k, c))
		return "a block for one that may not have it";
	for (size_t i = 0; i < SCHED_CHECK_N && !c->boot_blocks; i++)
		if (k->c[i].boot_blocks && sched_check_may(k, &k->c[i]))
			return "ahead of a boot reserve";
	if (c->lim.rate_bytes)
		c->micro -= (__int128)SCHED_BLOCK * 1000000;
	if (c->boot_blocks) {
		c->boot_blocks--;
		sched_check_unsettle(c);
		return NULL;
	}
	return sched_check_turns(k, (size_t)(c - k->c));
}

static inline struct sched_limits sched_check_limits(uint8_t v)
{
	static const uint64_t rates[] = { 0,	     1, 63,	 64,
					  100,	     0, 57600,	 4096,
					  1 << 20,   0, 1000003, 999983,
					  UINT64_MAX };
	static const uint64_t bursts[] = { 0,	 1,	  64,	     65,
					   1000, 1 << 16, UINT64_MAX };
	const struct sched_limits lim = {
		rates[v % (sizeof(rates) / sizeof(rates[0]))],
		bursts[v % (sizeof(bursts) / sizeof(bursts[0]))], 1u + v % 5
	};

	return lim;
}

static inline const char *sched_check_limit(struct sched_check *k,
					    struct sched_check_consumer *c,
					    uint8_t v)
{
	struct sched_limits lim = sched_check_limits(v);
	bool unlimited = c->lim.rate_bytes == 0;

	sched_check_earn(k, c);
	if (c->e) {
		lim.weight = c->lim.weight;
		sched_set_limits(c->e, &lim, k->now_us);
	} else {
		memset(c, 0, sizeof(*c));
		unlimited = true;
		c->e = sched_add(k->s, &lim, c, k->now_us);
		if (!c->e)
			return "not added";
		for (size_t i = 0; i < SCHED_CHECK_N; i++)
			k->c[i].ahead[c - k->c] = 0;
	}
	c->lim = lim;
	c->last_us = k->now_us;
	if (unlimited || c->micro > sched_check_size(&lim))
		c->micro = sched_check_size(&lim);
	sched_check_unsettle(c);
	return NULL;
}

static inline void sched_check_boot(struct sched_check *k,
				    struct sched_check_consumer *c,
				    uint64_t bytes)
{
	sched_boot(k->s, c->e, bytes);
	c->boot_blocks = (bytes + SCHED_BLOCK - 1) / SCHED_BLOCK;
	sched_check_unsettle(c);
	/* A start may cost the others one turn. */
	for (size_t i = 0; i < SCHED_CHECK_N; i++)
		k->c[i].ahead[c - k->c] -= SCHED_CHECK_TURN;
}

/* Carries out one operation.  NULL, or what is wrong. */
static inline const char *sched_check_step(struct sched_check *k,
					   const uint8_t op[SCHED_CHECK_OP])
{
	struct sched_check_consumer *c = &k->c[op[1] % SCHED_CHECK_N];
	const char *wrong = NULL;
	bool some = true;

	switch (op[0] % 16) {
	case 0:
		return sched_check_limit(k, c, op[2]);
	case 1:
		sched_remove(k->s, c->e);
		c->e = NULL;
		return NULL;
	case 2:
		if (c->e && !(op[3] & 3))
			sched_check_boot(k, c, op[2] * 8u);
		return NULL;
	case 3:
		k->now_us += (uint64_t)op[2] << op[3] % 32;
		return NULL;
	case 4:
		for (int i = 0; i < 100 && some && !wrong; i++)
			wrong = sched_check_next(k, &some);
		return wrong;
	case 5:
	case 6:
	case 7:
	case 8:
		return sched_check_next(k, &some);
	case 9:
		sched_wait_us(k->s, k->now_us);
		return NULL;
	default:
		if (c->e) {
			c->want = op[2] % 4 != 0;
			sched_want(k->s, c->e, c->want);
		}
		return NULL;
	}
}

static inline int sched_check_init(struct sched_check *k)
{
	memset(k, 0, sizeof(*k));
	k->s = sched_new();
	return k->s ? 0 : -1;
}

static inline void sched_check_free(struct sched_check *k)
{
	for (size_t i = 0; i < SCHED_CHECK_N; i++)
		sched_remove(k->s, k->c[i].e);
	sched_free(k->s);
}

#endif /* TESTS_FUZZ_SCHED_CHECK_H */
