#include "ctl/emulator.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX 512

/* What stands between the two behind from.  Behind it; NULL: not found. */
static const char *between(const char *from, const char *open,
			   const char *close, char *out, size_t size)
{
	const char *start = from ? strstr(from, open) : NULL;
	const char *end;

	if (!start)
		return NULL;
	start += strlen(open);
	end = strstr(start, close);
	if (!end || end == start || (size_t)(end - start) >= size)
		return NULL;
	memcpy(out, start, (size_t)(end - start));
	out[end - start] = '\0';
	return end;
}

int emulator_default(const char *capabilities, char *out, size_t size)
{
	char arch[32], open[64];
	const char *p =
		between(capabilities, "<arch>", "</arch>", arch, sizeof(arch));

	if (!p)
		return -ENOENT;
	snprintf(open, sizeof(open), "<arch name='%s'>", arch);
	p = strstr(p, open);
	return between(p, "<emulator>", "</emulator>", out, size) ? 0 : -ENOENT;
}

bool emulator_is(const char *path, const char *other)
{
	char *a = realpath(path, NULL), *b = realpath(other, NULL);
	bool same = a && b && !strcmp(a, b);

	free(a);
	free(b);
	return same;
}

bool emulator_runs(pid_t pid, const char *path)
{
	char link[40], target[TEXT_MAX];
	char *real;
	bool same;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	n = pid > 0 ? readlink(link, target, sizeof(target) - 1) : -1;
	if (n < 0)
		return false;
	target[n] = '\0'; /* "PATH (deleted)" is no path of a program */
	real = realpath(path, NULL);
	same = real && !strcmp(real, target);
	free(real);
	return same;
}
