/*
 * container_check.h - what is wrong with a container's random numbers, and how
 * to mend it
 *
 * The configuration is looked at, and what only the caller can find out is
 * compared with it; what is not known raises no finding.
 */
#ifndef LXC_CONTAINER_CHECK_H
#define LXC_CONTAINER_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "common/finding.h"
#include "lxc/container_conf.h"
#include "lxc/container_edit.h"
#include "lxc/container_snippet.h"
#include "lxc/facts.h"

#define CONTAINER_ACMS_MAX 16

enum container_agent {
	CONTAINER_AGENT_UNKNOWN, /* was not asked */
	CONTAINER_AGENT_DOWN,	 /* does not answer */
	CONTAINER_AGENT_LACKS,	 /* does not know the container */
	CONTAINER_AGENT_KNOWS,
};

enum container_node {
	CONTAINER_NODE_UNKNOWN,
	CONTAINER_NODE_MISSING, /* the facts' node is not there */
	CONTAINER_NODE_OTHER,	/* it has another number */
	CONTAINER_NODE_THERE,
};

struct container_known {
	const char *name, *config, *text;
	const char *dir; /* of what is generated */
	const struct container_include *include;
	const struct container_sum *sum;	 /* without what is ours */
	const struct container_snippet *snippet; /* NULL: none generated */
	bool copy; /* what it includes is another container's */

	enum container_agent agent;
	bool held;		       /* its terminal is, as the agent says */
	const struct lxc_facts *facts; /* NULL: none to be understood */
	enum container_node node;
	bool hook_there;   /* our program is installed */
	const char *group; /* the host's of that number, if it has members */

	/* minors of the OneRNGs that are terminals now */
	unsigned int acm[CONTAINER_ACMS_MAX];
	size_t acms;
};

/* Findings are added; f->err tells whether all are there. */
void container_check(const struct container_known *c, struct findings *f);

#endif /* LXC_CONTAINER_CHECK_H */
