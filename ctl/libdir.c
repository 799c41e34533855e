#include "ctl/libdir.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OWN_DIR "/lib/onerng"
#define HOOK	"/lxc-autodev"

/* The folder above the one that it is in.  0 or -1. */
static int find_prefix(char out[static PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", out, PATH_MAX - 1);
	char *slash;
	int i;

	if (len < 0)
		return -1;
	out[len] = '\0';
	for (i = 0; i < 2; i++) {
		slash = strrchr(out, '/');
		if (!slash)
			return -1;
		*slash = '\0';
	}
	return 0;
}

bool libdir_has_hook(const char *dir)
{
	char hook[PATH_MAX];

	return (size_t)snprintf(hook, sizeof(hook), "%s" HOOK, dir) <
		       sizeof(hook) &&
	       access(hook, X_OK) == 0;
}

void libdir_find(char *out, size_t size)
{
	char prefix[PATH_MAX], hook[PATH_MAX];
	int len;

	snprintf(out, size, "%s", ONERNG_LIBDIR);
	if (find_prefix(prefix) < 0)
		return;
	len = snprintf(hook, sizeof(hook), "%s" OWN_DIR HOOK, prefix);
	if (len >= (int)sizeof(hook) || access(hook, X_OK) < 0)
		return;
	snprintf(out, size, "%.*s", len - (int)strlen(HOOK), hook);
}
