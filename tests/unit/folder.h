/*
 * folder.h - a folder of a test's own, and files in it
 */
#ifndef TESTS_UNIT_FOLDER_H
#define TESTS_UNIT_FOLDER_H

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char folder[] = "/tmp/onerng-unit-XXXXXX";

static inline void folder_make(void)
{
	cr_assert_not_null(mkdtemp(folder));
}

/* With all that is in it. */
static inline void folder_remove(void)
{
	char command[80];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	cr_assert_eq(system(command), 0);
}

/* Writes folder/name, and makes folders on the way.  Its path. */
static inline const char *folder_put(const char *name, const void *text,
				     size_t len)
{
	static char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	for (char *p = path + strlen(folder) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(path, 0755);
		*p = '/';
	}
	f = fopen(path, "we");
	cr_assert_not_null(f, "%s", path);
	cr_assert_eq(fwrite(text, 1, len, f), len);
	cr_assert_eq(fclose(f), 0);
	return path;
}

static inline const char *folder_text(const char *name, const char *text)
{
	return folder_put(name, text, strlen(text));
}

#endif /* TESTS_UNIT_FOLDER_H */
