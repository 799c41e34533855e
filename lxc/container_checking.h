/*
 * container_checking.h - inside the library: the parts of the linter
 */
#ifndef LXC_CONTAINER_CHECKING_H
#define LXC_CONTAINER_CHECKING_H

#include "lxc/container_check.h"

#define CONTAINER_REF_MAX 600

struct container_checking {
	const struct container_known *c;
	struct findings *f;
	char name[CONTAINER_REF_MAX];	/* as a shell takes it */
	char config[CONTAINER_REF_MAX]; /* the same */
};

#define CHECK_ATTACH  "onerngctl container attach %s"
#define CHECK_REFRESH "onerngctl container refresh %s"
#define CHECK_EDIT    "sensible-editor %s" /* the configuration */

/* line 0: about no line. */
void container_finding(struct container_checking *k,
		       const struct finding_rule *rule, unsigned int line,
		       const char *format, ...)
	__attribute__((format(printf, 4, 5)));

void container_check_lines(struct container_checking *k);
void container_check_state(struct container_checking *k);

#endif /* LXC_CONTAINER_CHECKING_H */
