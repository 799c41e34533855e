#include "guest-agent/container.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/textfile.h"

/* More than exec(2) takes: three quarters of a stack of 8 MiB. */
#define ENVIRON_MAX 8388608

static const char key[] = "container=";

#define KEY_LEN (sizeof(key) - 1)

/*
 * environ is a row of strings, each ended by a NUL.  *at is how much of the key
 * one has matched, above KEY_LEN if it is another one.
 */
static bool completes_key(size_t *at, char c)
{
	if (!c)
		*at = 0;
	else if (*at < KEY_LEN && c == key[*at])
		(*at)++;
	else
		*at = KEY_LEN + 1;
	return *at == KEY_LEN;
}

/* All of it: other variables may stand before this one, as long as they like. */
static bool environ_names_container(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t at = 0, total = 0;
	bool found = false;
	char part[4096];
	ssize_t n = 1;

	while (fd >= 0 && n > 0 && !found && total < ENVIRON_MAX) {
		n = read(fd, part, sizeof(part));
		for (ssize_t i = 0; i < n && !found; i++)
			found = completes_key(&at, part[i]);
		total += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0)
		close(fd);
	return found;
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
	snprintf(path, sizeof(path), "%s/proc/self/stat", root);
	return access(path, F_OK) ? "no /proc shows otherwise" : NULL;
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
