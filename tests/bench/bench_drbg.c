/*
 * What a consumer's DRBG gives: bytes a second in large requests, requests of
 * 64 bytes a second over many consumers, both with the seeds that it needs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host-agent/drbg.h"

#define LARGE	  65536
#define LARGE_ALL (512u << 20) /* bytes */
#define CONSUMERS 1000
#define SMALL	  64
#define SMALL_ALL 2000000u /* requests */

#define BOUND_MBS 500
#define BOUND_RPS 200000

static double cpu_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Whenever it says so, as the host agent with a full pool does. */
static int give_seed(struct drbg *d)
{
	static uint8_t next;
	uint8_t block[DRBG_SEED];

	if (drbg_wants_seed(d, 0) == DRBG_CONTENT)
		return 0;
	memset(block, next++, sizeof(block));
	return drbg_seed(d, block, 0);
}

static int draw(struct drbg *d, uint8_t *out, size_t len)
{
	return give_seed(d) || drbg_generate(d, out, len, 0) ? -1 : 0;
}

static int report(const char *name, double figure, const char *unit,
		  double bound)
{
	int missed = figure < bound;

	printf("bench %s: %.0f %s (bound >= %.0f) %s\n", name, figure, unit,
	       bound, missed ? "MISSED" : "pass");
	return missed;
}

static int bench_large(struct drbg *d)
{
	static uint8_t out[LARGE];
	double start = cpu_s();

	for (size_t done = 0; done < LARGE_ALL; done += LARGE)
		if (draw(d, out, LARGE))
			return -1;
	return report("drbg-large", LARGE_ALL / (cpu_s() - start) / 1e6, "MB/s",
		      BOUND_MBS);
}

static int bench_small(struct drbg *const *d)
{
	uint8_t out[SMALL];
	double start = cpu_s();

	for (size_t i = 0; i < SMALL_ALL; i++)
		if (draw(d[i % CONSUMERS], out, SMALL))
			return -1;
	return report("drbg-64-bytes-1000-consumers",
		      SMALL_ALL / (cpu_s() - start), "requests/s", BOUND_RPS);
}

int main(void)
{
	static struct drbg *d[CONSUMERS];
	int missed = 0;

	for (size_t i = 0; i < CONSUMERS; i++) {
		d[i] = drbg_new(&i, sizeof(i));
		if (!d[i]) {
			perror("bench_drbg: drbg_new");
			return 1;
		}
	}
	missed |= bench_large(d[0]);
	missed |= bench_small(d);
	for (size_t i = 0; i < CONSUMERS; i++)
		drbg_free(d[i]);
	return missed != 0;
}
