/*
 * golden.h - files of tests/data, and what has to become of each
 */
#ifndef TESTS_UNIT_GOLDEN_H
#define TESTS_UNIT_GOLDEN_H

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/replace.h"

/* The text of FOLDER/below/name, to be freed; NULL: there is none. */
static inline char *golden_read(const char *folder, const char *below,
				const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s/%s", folder, below, name);
	return replace_read(path);
}

/* Calls test for every file of that ending, of which there are at_least. */
static inline void golden_each(const char *folder, const char *ending,
			       unsigned int at_least,
			       void (*test)(const char *name, const char *text))
{
	DIR *dir = opendir(folder);
	struct dirent *d;
	unsigned int count = 0;

	cr_assert(dir, "%s", folder);
	while ((d = readdir(dir))) {
		char *text, *dot = strrchr(d->d_name, '.');

		if (!dot || strcmp(dot, ending) != 0)
			continue;
		text = golden_read(folder, ".", d->d_name);
		cr_assert(text, "%s", d->d_name);
		test(d->d_name, text);
		free(text);
		count++;
	}
	closedir(dir);
	cr_assert_geq(count, at_least);
}

#endif /* TESTS_UNIT_GOLDEN_H */
