/*
 * report.h - findings, for people and as JSON, and what they come to
 */
#ifndef CTL_REPORT_H
#define CTL_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/finding.h"
#include "ctl/command.h"

#define REPORT_EXIT_FINDINGS 3 /* a warning or an error */

struct report {
	const struct command_call *call;
	const char *noun; /* "domain": what is checked, one of it */
	json_t *list;
	size_t things, findings;
	bool failed, bad;
};

void report_begin(struct report *r, const struct command_call *call,
		  const char *noun);

/* about: a new reference, what stands beside "findings" in JSON. */
void report_add(struct report *r, const char *name, json_t *about,
		const struct findings *findings);

/* Something could not be checked; name may be NULL. */
void report_fail(struct report *r, const char *name, const char *why);

/* Sums up.  An exit status. */
int report_end(struct report *r);

#endif /* CTL_REPORT_H */
