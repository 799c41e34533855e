/*
 * fault.h - what can be made to go wrong, while the model runs
 *
 * Names as in onerng-sim(1); F01..F33 are aliases.  Part of struct model;
 * injected by the control socket or a test, consumed by the model.
 */
#ifndef TESTS_SIM_FAULT_H
#define TESTS_SIM_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/noise.h"

struct model;

/* What ends a silence (F08); a power cycle always does, save for NEVER. */
enum fault_cure {
	FAULT_CURE_NEVER,
	FAULT_CURE_COMMAND, /* cmdO */
	FAULT_CURE_DTR,	    /* DTR off, then on */
	FAULT_CURE_INTERFACE,
	FAULT_CURE_RESET,
	FAULT_CURE_REPLUG,
};

enum fault_moment {
	FAULT_MOMENT_NONE,
	FAULT_MOMENT_READ,    /* after that many bytes */
	FAULT_MOMENT_WRITE,   /* at that OUT packet */
	FAULT_MOMENT_CONTROL, /* at that control transfer */
	FAULT_MOMENT_DUMP,    /* at that byte of a dump */
};

struct fault {
	uint64_t on; /* bit per table entry: in force or not yet consumed */

	bool silence;
	enum fault_cure cure;
	uint64_t silence_from; /* value of model.in_bytes */
	bool dtr_fell;	       /* since the silence */

	enum fault_moment moment;
	uint64_t moment_left;

	bool burst;
	unsigned int burst_stale;
	unsigned int short_len, short_every, short_n;
	unsigned int oversize_left;
	unsigned int repeat_left, repeat_size;
	unsigned int error_in, error_out, error_control;
	bool out_nak, zlp_hang, unfiltered;
	unsigned int out_drop, out_drop_n, out_us;
	uint64_t slow_start_us, start_at_us;
	bool suspended, suspend_lose;
	uint64_t resume_at_us;

	unsigned int saved_rate;
	char saved_noise[NOISE_SPEC_MAX];
};

/*
 * Injects argv[0] with its arguments into m.  0; -ENOENT (no such fault),
 * -EINVAL or the errno of noise_set(), with *why set to static text; -ENOTSUP
 * when only a front end can do it (unplug, replug).
 */
int fault_inject(struct model *m, uint64_t now_us, int argc, char *argv[],
		 const char **why);

/* Everything back to a healthy device. */
void fault_clear(struct model *m);

/* Marks a fault as spent once the model has carried it out. */
void fault_spent(struct fault *f, const char *name);

/* What ended, told by the model: silences that wait for it end. */
void fault_event(struct fault *f, enum fault_cure event);

/*
 * Counts n towards the unplugging that waits for this moment; true when it has
 * come.
 */
bool fault_moment_came(struct fault *f, enum fault_moment moment, uint64_t n);

/* Names in force, in order, one per call; NULL after the last.  *at is 0. */
const char *fault_next_active(const struct fault *f, unsigned int *at);

/* The table, for the manual's check and --help: i-th name, alias, arguments. */
const char *fault_entry(unsigned int i, const char **alias, const char **args);

#endif /* TESTS_SIM_FAULT_H */
