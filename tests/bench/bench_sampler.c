/*
 * What a raw sample costs on its way to the pool (health, FIPS blocks,
 * conditioning), as a share of a core at the device's full rate.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "host-agent/condition.h"
#include "host-agent/pool.h"
#include "host-agent/sampler.h"

#define RATE   57600	  /* raw bytes a second: a real OneRNG at its fastest */
#define BYTES  (4u << 20) /* per round */
#define PIECE  4096	  /* as the reader sends */
#define ROUNDS 9
#define BOUND  0.7 /* percent of a core */

static double cpu_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* CPU seconds per byte; the pool is emptied so that all is conditioned. */
static double round_cost(struct sampler *s, struct pool *p, const uint8_t *raw)
{
	uint8_t block[POOL_BLOCK];
	double start = cpu_s();

	for (size_t at = 0; at < BYTES; at += PIECE) {
		if (sampler_feed(s, raw + at, PIECE))
			sampler_reset(s);
		while (pool_take(p, block, NULL) == 0)
			;
	}
	return (cpu_s() - start) / BYTES;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(void)
{
	const struct sampler_conf conf = { HEALTH_H_BYTE_DEFAULT,
					   HEALTH_H_BIT_DEFAULT, 0 };
	struct pool *p = pool_new(64);
	struct sampler *s = p ? sampler_new(&conf, p) : NULL;
	uint8_t *raw = malloc(BYTES);
	double cost[ROUNDS], percent;

	if (!s || !raw) {
		perror("bench_sampler");
		return 1;
	}
	for (size_t at = 0; at < BYTES; at += 256)
		if (getrandom(raw + at, 256, 0) != 256)
			return 1;
	for (int i = 0; i < ROUNDS; i++)
		cost[i] = round_cost(s, p, raw);
	qsort(cost, ROUNDS, sizeof(cost[0]), by_size);
	percent = cost[ROUNDS / 2] * RATE * 100;
	printf("bench %-34s %10.1f ns/byte, median of %d\n",
	       "pipeline-cost:", cost[ROUNDS / 2] * 1e9, ROUNDS);
	printf("bench %-34s %10.3f %% of a core at %d bytes/s "
	       "(bound <= %.1f) %s\n",
	       "pipeline-cpu:", percent, RATE, BOUND,
	       percent <= BOUND ? "pass" : "MISSED");
	sampler_free(s);
	pool_free(p);
	free(raw);
	return percent > BOUND;
}
