/*
 * capture.h - `onerngctl capture`: raw samples into a new file
 *
 * Beside FILE stands FILE.json: where the samples came from, what the health
 * tests said before and after, SHA-256, and how to assess them.  A capture that
 * was not finished leaves neither.
 */
#ifndef CTL_CAPTURE_H
#define CTL_CAPTURE_H

#include <stdbool.h>

#define CAPTURE_BYTES_MAX 67108864 /* as the agent's */

struct capture {
	const char *program, *socket;
	const char *device; /* NULL: the only one */
	const char *file;
	unsigned long long bytes;
	bool json; /* print FILE.json too */
};

/* An exit status; what is wrong was said on standard error. */
int capture_run(const struct capture *c);

#endif /* CTL_CAPTURE_H */
