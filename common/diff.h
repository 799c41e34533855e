/*
 * diff.h - what an edit would change, as a unified diff
 */
#ifndef COMMON_DIFF_H
#define COMMON_DIFF_H

#include <stdio.h>

/*
 * Prints what "diff -u" would, with three lines of context, and nothing if the
 * texts are the same.  name stands behind "--- " and "+++ ", with a suffix for
 * each.  Texts that differ in more than 1,000 lines are shown as one change.
 * 0, 1 if they differ, -ENOMEM.
 */
int diff_print(const char *name, const char *before, const char *after,
	       FILE *out);

#endif /* COMMON_DIFF_H */
