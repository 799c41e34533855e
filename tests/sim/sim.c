#include "tests/sim/sim.h"

#include <errno.h>
#include <time.h>

#include "tests/sim/noise.h"

struct model *sim_model_new(const struct sim *sim, unsigned int index,
			    const char **why)
{
	struct model_conf conf = sim->conf;
	struct noise *noise;
	struct model *m;

	conf.seed += index;
	*why = "out of memory";
	noise = noise_new(conf.seed);
	if (!noise)
		return NULL;
	if (noise_set(noise, sim->noise, why) < 0)
		goto fail;
	m = model_new(&conf, noise);
	if (m)
		return m;
fail:
	noise_free(noise);
	return NULL;
}

uint64_t sim_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}
