/*
 * Configuration files: whatever the bytes, reading them ends in 0 or in an error
 * that names the file, and callbacks see whole strings without control bytes.
 */
#include "common/ini.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINE_LIMIT 200

static void require(int condition)
{
	if (!condition)
		abort();
}

static void require_text(const char *s)
{
	require(strlen(s) < LINE_LIMIT);
	for (; *s; s++)
		require((unsigned char)*s >= 0x20 || *s == '\t');
}

/* Refuses keys that begin with 'x', in a section or with a reason or neither.
 */
static int take_key(void *ctx, const char *section, const char *key,
		    const char *value, char *why)
{
	int *calls = ctx;

	(*calls)++;
	require_text(section);
	if (!key) {
		require(value == NULL);
		return 0;
	}
	require_text(key);
	require_text(value);
	require(key[0] != '\0');
	if (key[0] != 'x')
		return 0;
	if (value[0])
		snprintf(why, INI_WHY_MAX, "%s", value);
	return -EINVAL;
}

/* Of the text that path holds, with as many calls as of the file. */
static void require_same(const char *path, int r, int calls)
{
	struct ini_text t = { .path = path };
	char err[128];
	int again = 0;

	if (ini_read(&t, err, sizeof(err)) < 0)
		return;
	require(ini_load_text(&t, take_key, &again, err, sizeof(err)) == r);
	require(again == calls);
	free(t.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64], err[128];
	int fd = memfd_create("fuzz_ini", MFD_CLOEXEC), calls = 0, r;

	require(fd >= 0);
	require(write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = ini_load_file(path, take_key, &calls, err, sizeof(err));
	require(r <= 0);
	require(r == 0 ? err[0] == '\0'
		       : strncmp(err, path, strlen(path)) == 0);
	require_same(path, r, calls);
	close(fd);
	return 0;
}
