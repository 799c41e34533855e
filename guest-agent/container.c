#include "guest-agent/container.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/textfile.h"

#define ENVIRON_MAX 16384

/* environ is a row of strings, each ended by a NUL. */
static bool environ_names_container(const char *path)
{
	static const char key[] = "container=";
	char env[ENVIRON_MAX];
	int len = textfile_read(path, env, sizeof(env));
	size_t at = 0;

	while (len > 0 && at < (size_t)len) {
		if (!strncmp(env + at, key, sizeof(key) - 1))
			return true;
		at += strlen(env + at) + 1;
	}
	return false;
}

static bool userns_of_process_1(const char *root)
{
	char path[PATH_MAX], mine[64], its[64];
	ssize_t n, m;

	snprintf(path, sizeof(path), "%s/proc/self/ns/user", root);
	n = readlink(path, mine, sizeof(mine));
	snprintf(path, sizeof(path), "%s/proc/1/ns/user", root);
	m = readlink(path, its, sizeof(its));
	return n > 0 && n == m && !memcmp(mine, its, (size_t)n);
}

const char *container_detect(const char *root)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/run/systemd/container", root);
	if (!access(path, F_OK))
		return "/run/systemd/container exists";
	snprintf(path, sizeof(path), "%s/proc/1/environ", root);
	if (environ_names_container(path))
		return "container= is in the environment of process 1";
	if (container_foreign_userns(root) && userns_of_process_1(root))
		return "process 1 is in a user namespace";
	return NULL;
}

bool container_foreign_userns(const char *root)
{
	unsigned int inside, outside, count;
	char path[PATH_MAX], map[256];

	snprintf(path, sizeof(path), "%s/proc/self/uid_map", root);
	if (textfile_read(path, map, sizeof(map)) < 0)
		return false; /* a kernel without user namespaces */
	if (sscanf(map, "%u %u %u", &inside, &outside, &count) != 3)
		return true; /* nothing mapped yet: not the initial one */
	return inside || outside || count != UINT_MAX;
}
