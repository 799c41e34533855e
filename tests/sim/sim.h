/*
 * sim.h - what the simulator was asked for on its command line
 *
 * Each front end takes one and returns the program's exit status.
 */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/model.h"

#define SIM_DEVICES_MAX 15 /* ports 1-1 to 1-15 of one hub */

#define SIM_EXIT_FAILED 125 /* the simulator itself, not COMMAND */

struct sim {
	struct model_conf conf; /* seed: of the first device */
	const char *noise;
	const char *control; /* path of the control socket or NULL */
	const char *socket;  /* path to listen on (usbredir) */
	unsigned int devices;
	bool absent;
	char **command; /* run */
};

/* The index-th device, 0 first; NULL with *why set to static text. */
struct model *sim_model_new(const struct sim *sim, unsigned int index,
			    const char **why);

/* Microseconds of the monotonic clock. */
uint64_t sim_now_us(void);

int front_umockdev(const struct sim *sim);
int front_usbredir(const struct sim *sim);

#endif /* TESTS_SIM_SIM_H */
