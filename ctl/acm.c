#include "ctl/acm.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USB_ID "1d50:6086"

/* The first line of a small file; false: there is none. */
static bool read_line(const char *dir, const char *name, char *out, int size)
{
	char path[PATH_MAX];
	FILE *f;
	bool got;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >=
	    sizeof(path))
		return false;
	f = fopen(path, "re");
	if (!f)
		return false;
	got = fgets(out, size, f) != NULL;
	fclose(f);
	if (got)
		out[strcspn(out, "\n")] = '\0';
	return got;
}

/* An interface of a OneRNG; its device is the folder above. */
static bool describe(const char *dir, const char *name, struct acm *out)
{
	char path[PATH_MAX], device[PATH_MAX], vendor[8], product[8],
		number[24];
	char id[16];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (!read_line(path, "dev", number, sizeof(number)) ||
	    sscanf(number, "%u:%u", &out->major, &out->minor) != 2 ||
	    strlen(name) >= sizeof(out->name))
		return false;
	snprintf(path, sizeof(path), "%s/%s/device/..", dir, name);
	if (!realpath(path, device) ||
	    !read_line(device, "idVendor", vendor, sizeof(vendor)) ||
	    !read_line(device, "idProduct", product, sizeof(product)))
		return false;
	snprintf(id, sizeof(id), "%s:%s", vendor, product);
	snprintf(out->name, sizeof(out->name), "%s", name);
	snprintf(out->port, sizeof(out->port), "%.31s",
		 strrchr(device, '/') + 1);
	return !strcmp(id, USB_ID);
}

static int is_acm(const struct dirent *d)
{
	return !strncmp(d->d_name, "ttyACM", 6);
}

size_t acm_list(const char *dir, struct acm out[static ACM_MAX])
{
	struct dirent **list;
	int i, n = scandir(dir, &list, is_acm, versionsort);
	size_t count = 0;

	for (i = 0; i < n; i++) {
		if (count < ACM_MAX &&
		    describe(dir, list[i]->d_name, &out[count]))
			count++;
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return count;
}

int acm_find_port(const char *dir, const char *port, struct acm *out)
{
	struct acm all[ACM_MAX];
	size_t n = acm_list(dir, all);

	for (size_t i = 0; i < n; i++)
		if (!*port || !strcmp(all[i].port, port)) {
			*out = all[i];
			return 0;
		}
	return -ENODEV;
}

int acm_find_number(const char *dir, unsigned int major, unsigned int minor,
		    struct acm *out)
{
	struct acm all[ACM_MAX];
	size_t n = acm_list(dir, all);

	for (size_t i = 0; i < n; i++)
		if (all[i].major == major && all[i].minor == minor) {
			*out = all[i];
			return 0;
		}
	return -ENODEV;
}
