/*
 * selftest.h - tests on demand, as onerngctl asks for them
 */
#ifndef CTL_SELFTEST_H
#define CTL_SELFTEST_H

#include <stdio.h>

#include <jansson.h>

#define SELFTEST_TIMEOUT_S 60 /* for every device to pass its start-up test */

/*
 * Runs the start-up test of one device, by name or port, or of all (NULL), and
 * waits for its end.  *result: {"devices":[{"name", "selftest", "health"}]},
 * a new reference, or NULL.  0, or -errno with why (CLIENT_WHY_MAX bytes): it
 * could not be done, was not over in time, or a device failed.
 */
int selftest_device(const char *socket_path, const char *device,
		    json_t **result, char *why);

/* Injects a fault into a fresh instance.  As above; 0 if it was detected. */
int selftest_inject(const char *socket_path, const char *fault, json_t **result,
		    char *why);

/* What either of them found, for people. */
void selftest_print(const json_t *result, FILE *out);

#endif /* CTL_SELFTEST_H */
