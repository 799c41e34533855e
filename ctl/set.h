/*
 * set.h - the words of `onerngctl domain set`, as a request to the agent
 */
#ifndef CTL_SET_H
#define CTL_SET_H

#include <stdbool.h>

#include <jansson.h>

#include "common/opt.h"

/* Values are checked by the agent, which knows what it takes. */
struct set {
	const char *kind; /* of the consumer; NULL: whichever has the name */
	const char *class, *when_absent;
	unsigned long long rate, burst, weight;
	bool has_rate, has_burst, has_weight;
};

/* Setters of a struct set; for an option table. */
int set_take_class(struct set *s, const char *value, const char **why);
int set_take_absent(struct set *s, const char *value, const char **why);
int set_take_rate(struct set *s, const char *value, const char **why);
int set_take_burst(struct set *s, const char *value, const char **why);
int set_take_weight(struct set *s, const char *value, const char **why);

/* A new reference, NULL when out of memory. */
json_t *set_request(const struct set *s, const char *consumer);

/* The agent's answer, for people. */
void set_print(const json_t *result, FILE *out);

#endif /* CTL_SET_H */
