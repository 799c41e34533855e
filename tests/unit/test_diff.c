#include "common/diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

static char *diff(const char *before, const char *after)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int ret;

	cr_assert(out);
	ret = diff_print("web", before, after, out);
	fclose(out);
	cr_assert_eq(ret, strcmp(before, after) != 0);
	return text;
}

#define NAMES "--- web (now)\n+++ web (then)\n"

static void shows(const char *before, const char *after, const char *want)
{
	char *got = diff(before, after);

	cr_expect_str_eq(got, want);
	free(got);
}

Test(diff, the_same_text_has_no_diff)
{
	shows("", "", "");
	shows("a\n", "a\n", "");
}

Test(diff, hunks_have_three_lines_around_them)
{
	shows("1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\nx\n5\n6\n",
	      NAMES "@@ -2,5 +2,6 @@\n 2\n 3\n 4\n+x\n 5\n 6\n");
	shows("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "x\n2\n3\n4\n5\n6\n7\n8\ny\n",
	      NAMES "@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n"
		    "@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+y\n");
	shows("1\n2\n3\n4\n5\n6\n7\n8\n", "x\n2\n3\n4\n5\n6\n7\ny\n",
	      NAMES "@@ -1,8 +1,8 @@\n-1\n+x\n 2\n 3\n 4\n 5\n 6\n 7\n"
		    "-8\n+y\n");
}

Test(diff, empty_texts_and_missing_line_feeds_are_shown)
{
	shows("", "a\n", NAMES "@@ -0,0 +1 @@\n+a\n");
	shows("a\n", "", NAMES "@@ -1 +0,0 @@\n-a\n");
	shows("a", "a\n",
	      NAMES "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
}

/* A patch(1) of a few lines: 0 if it does not fit. */
static int patched(const char *before, const char *patch, char *out)
{
	const char *s = strstr(patch, "@@ "), *end;
	unsigned int at = 1, from = 0;

	for (; s && *s; s = end + 1) {
		end = strchr(s, '\n');
		if (!end)
			return 0;
		if (*s == '@') {
			from = (unsigned int)strtoul(s + 4, NULL, 10);
			from += strncmp(strpbrk(s + 4, ", "), ",0", 2) == 0;
			for (; at < from; at++, before += 2)
				out = mempcpy(out, before, 2);
			continue;
		}
		if (*s != '+') {
			if (memcmp(before, s + 1, 2) != 0)
				return 0;
			before += 2;
			at++;
		}
		if (*s != '-')
			out = mempcpy(out, s + 1, 2);
	}
	strcpy(out, before);
	return 1;
}

static void random_lines(char *text, unsigned int count)
{
	while (count--) {
		*text++ = (char)('a' + rand() % 4);
		*text++ = '\n';
	}
	*text = '\0';
}

Test(diff, a_diff_applied_gives_the_other_text)
{
	unsigned int seed = (unsigned int)time(NULL);
	char before[81], after[81], out[200], *patch;

	fprintf(stderr, "seed %u\n", seed);
	srand(seed);
	for (int i = 0; i < 3000; i++) {
		random_lines(before, (unsigned int)rand() % 40);
		random_lines(after, (unsigned int)rand() % 40);
		patch = diff(before, after);
		if (patch[0]) {
			cr_assert(patched(before, patch, out), "%s", patch);
			cr_assert_str_eq(out, after, "%s", patch);
		}
		free(patch);
	}
}

Test(diff, too_many_changes_are_shown_as_one)
{
	char *before = malloc(8002), *after = malloc(8002), *text;

	cr_assert(before && after);
	for (int i = 0; i < 4000; i++) {
		memcpy(before + 2 * i, "a\n", 3);
		memcpy(after + 2 * i, "b\n", 3);
	}
	text = diff(before, after);
	cr_assert(strstr(text, "@@ -1,4000 +1,4000 @@\n"));
	free(text);
	free(before);
	free(after);
}
