/* The containers of an lxcpath, by their configurations. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/container.h"

static int no_dot(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static bool has_config(const struct container_host *h, const char *name)
{
	char path[PATH_MAX];

	return (size_t)snprintf(path, sizeof(path), "%s/%s/config", h->lxcpath,
				name) < sizeof(path) &&
	       access(path, F_OK) == 0;
}

/* Without liblxc, and those that it cannot load are containers as well. */
int container_names(const struct container_host *h, char ***names)
{
	struct dirent **list;
	int i, kept = 0, n;

	*names = NULL;
	n = h->is_file ? -1 : scandir(h->lxcpath, &list, no_dot, alphasort);
	if (n < 0)
		return -1;
	*names = calloc((size_t)n + 1, sizeof(**names));
	for (i = 0; i < n; i++) {
		if (*names && has_config(h, list[i]->d_name) &&
		    ((*names)[kept] = strdup(list[i]->d_name)))
			kept++;
		free(list[i]);
	}
	free(list);
	return *names ? kept : -1;
}

void container_free_names(char **names, int count)
{
	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
}
