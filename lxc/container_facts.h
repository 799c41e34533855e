/*
 * container_facts.h - what the host agent publishes for a container's start
 *
 * RUN/lxc/ID.facts, lines "key=value".
 */
#ifndef LXC_CONTAINER_FACTS_H
#define LXC_CONTAINER_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#define CONTAINER_FACTS_MAX 4096
#define CONTAINER_WORD_MAX  32

struct container_facts {
	char device[CONTAINER_WORD_MAX], state[CONTAINER_WORD_MAX];
	char node[64]; /* empty: there is none now */
	bool has_number;
	unsigned int major, minor;
};

/*
 * 0 or -EINVAL: too long, a line without "=", a second value, no version=1, a
 * number that is none.  Unknown keys are left out.
 */
int container_facts_parse(const char *text, size_t len,
			  struct container_facts *out);

#endif /* LXC_CONTAINER_FACTS_H */
