/*
 * status.h - what the agent says of itself, in JSON and in rngd's words
 *
 * Counts and names only; never a byte of entropy.
 */
#ifndef HOST_AGENT_STATUS_H
#define HOST_AGENT_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "common/ini.h"
#include "common/sandbox.h"

struct device;
struct devset;
struct containers;
struct control;
struct domwatch;
struct egd_pub;
struct hostconf;
struct pool;
struct rundir;

/* Where the facts are; nothing is copied. */
struct status {
	struct devset *devices;
	struct pool *pool;
	struct egd_pub *pub;
	struct containers *containers;	 /* NULL: none */
	const struct domwatch *domwatch; /* NULL: none can be */
	const struct control *hook;	 /* NULL: likewise */
	const struct rundir *rundir;	 /* NULL: likewise */
	const struct hostconf *conf;	 /* NULL: likewise */
	unsigned int h_byte_millibits, h_bit_millibits;
	uint64_t started_us; /* CLOCK_MONOTONIC */
	enum sandbox_mode sandbox;
	bool locked_down; /* the core is behind its filter */
	unsigned int reloads;
	char reload_refused[INI_WHY_MAX]; /* why the last was; empty: was not */
};

/*
 * Answers "status", "domain-list" and "consumers"; NULL for others.  ctx is a
 * struct status.  A control_answer_fn.
 */
json_t *status_answer(void *ctx, const char *cmd);

/* Logs the statistics that rngd prints on SIGUSR1. */
void status_log_statistics(const struct status *s);

/* What keeps somebody from being served, or a hook from reporting: texts. */
json_t *status_problems(const struct status *s);

/* A device as it stands in a status. */
json_t *status_device(const struct device *d);

#endif /* HOST_AGENT_STATUS_H */
