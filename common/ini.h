/*
 * ini.h - configuration files with drop-ins (not for the libc-only guest agent)
 *
 * FILE comes first, then FILE.d/<name>.conf in the order of the C locale: for
 * /etc/onerng/hostd.conf the folder is /etc/onerng/hostd.conf.d.  Later values
 * win.  Keys, values and comments are inih's; a line is at most 199 bytes of
 * text without control characters; no line continues another.
 */
#ifndef COMMON_INI_H
#define COMMON_INI_H

#include <stddef.h>

#define INI_WHY_MAX 256

/*
 * Called per key, section by section; returns 0 or a negative errno with a
 * reason written to why (INI_WHY_MAX bytes).  A new section is announced with
 * key NULL.
 */
typedef int (*ini_key_fn)(void *ctx, const char *section, const char *key,
			  const char *value, char *why);

/*
 * Reads one file.  The first error ends it and is described in err as
 * "FILE:LINE: reason" or "FILE: reason".  0 or a negative errno.
 */
int ini_load_file(const char *path, ini_key_fn fn, void *ctx, char *err,
		  size_t err_size);

/* A file that was read, or is to be. */
struct ini_text {
	const char *path;
	char *text;
	size_t size;
};

/*
 * The whole text of path, to be freed.  0, or a negative errno with err, as
 * above.
 */
int ini_read(struct ini_text *t, char *err, size_t err_size);

/* The same as ini_load_file(), of that. */
int ini_load_text(const struct ini_text *t, ini_key_fn fn, void *ctx, char *err,
		  size_t err_size);

/*
 * The paths of path's drop-ins in their order.  How many, none of them without
 * a folder, or a negative errno with err.  *out is freed by ini_free_dropins().
 */
int ini_dropins(const char *path, char ***out, char *err, size_t err_size);
void ini_free_dropins(char **paths, int count);

#endif /* COMMON_INI_H */
