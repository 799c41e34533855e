/*
 * ini.h - configuration files with drop-ins (not for the libc-only guest agent)
 *
 * FILE first, then FILE.d/<name>.conf in the order of the C locale: for
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
 * Reads path and its drop-ins.  The first error ends it and is described in
 * err as "FILE:LINE: reason" or "FILE: reason".  0 or a negative errno; a
 * missing drop-in folder is fine, a missing path is -ENOENT.
 */
int ini_load(const char *path, ini_key_fn fn, void *ctx, char *err,
	     size_t err_size);

/* The same of one file, without its drop-ins. */
int ini_load_file(const char *path, ini_key_fn fn, void *ctx, char *err,
		  size_t err_size);

/*
 * The paths of path's drop-ins in their order.  How many, none of them without
 * a folder, or a negative errno with err.  *out is freed by ini_free_dropins().
 */
int ini_dropins(const char *path, char ***out, char *err, size_t err_size);
void ini_free_dropins(char **paths, int count);

#endif /* COMMON_INI_H */
