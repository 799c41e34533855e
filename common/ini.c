/*
 * ini.c - inih, with what it would let pass made an error
 *
 * inih takes lines from reader(), which looks at each first.  Debian's build
 * gives handlers no line number, cuts a line at 199 bytes and a section's name
 * at 49, takes an indented line for the continuation of the one before, and
 * does not tell of a section without keys.  So lines are counted, checked and
 * unindented here, and section lines are taken out of the stream; keys, values
 * and comments (';' also behind a value) are inih's.
 */
#include "common/ini.h"

#include <dirent.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line that fits inih's buffer holds no longer one. */
#define SECTION_MAX 200
/* Bytes; ends the reading of an endless file. */
#define FILE_MAX	(1u << 20)
#define DROPIN_PATH_MAX 4096

struct loader {
	ini_key_fn fn;
	void *ctx;
	char *err;
	size_t err_size;
	int result; /* negative errno of the first error */
	/* of the file being read */
	FILE *file;
	const char *path;
	unsigned int line;
	size_t bytes;
	int key_due; /* this line must reach handle_key() */
	char section[SECTION_MAX];
};

__attribute__((format(printf, 3, 4))) static int
fail(struct loader *l, int error, const char *fmt, ...)
{
	char why[INI_WHY_MAX];
	va_list ap;

	if (l->result < 0)
		return l->result;
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (l->line > 0)
		snprintf(l->err, l->err_size, "%s:%u: %s", l->path, l->line,
			 why);
	else
		snprintf(l->err, l->err_size, "%s: %s", l->path, why);
	l->result = error;
	return error;
}

static int call(struct loader *l, const char *key, const char *value)
{
	char why[INI_WHY_MAX] = "";
	int r = l->fn(l->ctx, l->section, key, value, why);

	if (r < 0)
		return fail(l, r, "%s", why[0] ? why : strerror(-r));
	return 0;
}

/* inih's handler: nonzero is success. */
static int handle_key(void *ctx, const char *section, const char *key,
		      const char *value)
{
	struct loader *l = ctx;

	(void)section; /* never set: see take_section() */
	if (l->result < 0)
		return 0;
	if (key[0] == '\0')
		return 1; /* key_due stays, and is complained of */
	l->key_due = 0;
	return call(l, key, value) == 0;
}

/*
 * Reads one line, without its newline, into buf.  Its length, -ENODATA at the
 * end of the file, or another negative errno, reported.
 */
static int read_line(struct loader *l, char *buf, size_t size)
{
	size_t len = 0;
	int c;

	l->line++;
	while ((c = getc(l->file)) != EOF && c != '\n') {
		if (len + 1 >= size)
			return fail(l, -E2BIG, "line longer than %zu bytes",
				    size - 1);
		buf[len++] = (char)c;
	}
	if (ferror(l->file)) {
		l->line = 0;
		return fail(l, -errno, "cannot be read: %s", strerror(errno));
	}
	l->bytes += len + 1;
	if (l->bytes > FILE_MAX)
		return fail(l, -EFBIG, "file larger than %u bytes", FILE_MAX);
	buf[len] = '\0';
	return c == EOF && len == 0 ? -ENODATA : (int)len;
}

/* CR only as part of a line's end; tabs are blanks. */
static int check_bytes(struct loader *l, char *line, size_t len)
{
	if (len > 0 && line[len - 1] == '\r')
		line[--len] = '\0';
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return fail(l, -EINVAL,
				    "byte 0x%02x at column %zu: not text", c,
				    i + 1);
	}
	return 0;
}

static char *skip_blanks(char *s)
{
	return s + strspn(s, " \t");
}

/* line begins with '['. */
static int take_section(struct loader *l, char *line)
{
	char *end = strchr(line, ']'), *rest;

	if (!end)
		return fail(l, -EINVAL, "section without ']'");
	rest = skip_blanks(end + 1);
	if (*rest != '\0' && *rest != ';' && *rest != '#')
		return fail(l, -EINVAL, "text behind the section's ']'");
	*end = '\0';
	snprintf(l->section, sizeof(l->section), "%s", line + 1);
	return call(l, NULL, NULL);
}

/* inih did not hand on the line before as a key. */
static int check_key_seen(struct loader *l)
{
	if (l->key_due)
		return fail(l, -EINVAL, "expected key = value");
	return 0;
}

/* Moves the text of buf to its front: no byte order mark, no indentation. */
static void unindent(struct loader *l, char *buf)
{
	char *text = buf;

	if (l->line == 1 && strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	text = skip_blanks(text);
	memmove(buf, text, strlen(text) + 1);
}

/* inih's reader: the next line, NULL to end. */
static char *reader(char *buf, int size, void *ctx)
{
	struct loader *l = ctx;
	int len;

	if (l->result < 0 || check_key_seen(l) < 0)
		return NULL;
	len = read_line(l, buf, (size_t)size);
	if (len < 0 || check_bytes(l, buf, (size_t)len) < 0)
		return NULL;
	unindent(l, buf);
	if (buf[0] == '[') {
		if (take_section(l, buf) < 0)
			return NULL;
		buf[0] = '\0';
	}
	l->key_due = buf[0] != '\0' && buf[0] != ';' && buf[0] != '#';
	return buf;
}

static void begin(struct loader *l, const char *path)
{
	l->path = path;
	l->line = 0;
	l->bytes = 0;
	l->key_due = 0;
	l->section[0] = '\0';
}

/* file NULL: it could not be opened. */
static int parse(struct loader *l, FILE *file)
{
	l->file = file;
	if (!file)
		return fail(l, -errno, "cannot be opened: %s", strerror(errno));
	/* The number it returns is a line that was complained of here. */
	(void)ini_parse_stream(reader, l, handle_key, l);
	fclose(file);
	return l->result;
}

static int load_file(struct loader *l, const char *path)
{
	begin(l, path);
	return parse(l, fopen(path, "re"));
}

static int is_dropin(const struct dirent *entry)
{
	const char *name = entry->d_name;
	size_t len = strlen(name);

	return name[0] != '.' && len > 5 &&
	       strcmp(name + len - 5, ".conf") == 0;
}

/* alphasort(3) would follow the locale. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

void ini_free_dropins(char **paths, int count)
{
	while (paths && count > 0)
		free(paths[--count]);
	free(paths);
}

/* Paths in place of entries, which are freed.  0 or -ENOMEM. */
static int make_paths(char **paths, const char *dir, struct dirent **entries,
		      int count)
{
	int r = 0;

	for (int i = 0; i < count; i++) {
		if (r == 0 &&
		    asprintf(&paths[i], "%s/%s", dir, entries[i]->d_name) < 0) {
			paths[i] = NULL;
			r = -ENOMEM;
		}
		free(entries[i]);
	}
	return r;
}

/* How many; the loader's failure when they cannot be listed. */
static int list_dropins(struct loader *l, const char *dir, char ***out)
{
	struct dirent **entries;
	int r, count = scandir(dir, &entries, is_dropin, by_bytes);

	*out = NULL;
	l->path = dir;
	l->line = 0;
	if (count < 0)
		return errno == ENOENT ? 0
				       : fail(l, -errno, "cannot be listed: %s",
					      strerror(errno));
	*out = calloc((size_t)count + 1, sizeof(**out));
	if (!*out) {
		while (count > 0)
			free(entries[--count]);
		free(entries);
		return fail(l, -ENOMEM, "out of memory");
	}
	r = make_paths(*out, dir, entries, count);
	free(entries);
	if (r == 0)
		return count;
	ini_free_dropins(*out, count);
	*out = NULL;
	return fail(l, r, "out of memory");
}

static int folder_of(struct loader *l, const char *path,
		     char out[static DROPIN_PATH_MAX])
{
	int n = snprintf(out, DROPIN_PATH_MAX, "%s.d", path);

	l->err[0] = '\0';
	l->path = path;
	if (n < 0 || n >= DROPIN_PATH_MAX)
		return fail(l, -ENAMETOOLONG, "path too long");
	return 0;
}

int ini_dropins(const char *path, char ***out, char *err, size_t err_size)
{
	struct loader l = { .err = err, .err_size = err_size };
	char dir[DROPIN_PATH_MAX];

	*out = NULL;
	if (folder_of(&l, path, dir) < 0)
		return l.result;
	return list_dropins(&l, dir, out);
}

int ini_load_file(const char *path, ini_key_fn fn, void *ctx, char *err,
		  size_t err_size)
{
	struct loader l = {
		.fn = fn,
		.ctx = ctx,
		.err = err,
		.err_size = err_size,
	};

	err[0] = '\0';
	return load_file(&l, path);
}

/* All of an open file, through room for the largest there may be. */
static int slurp(struct loader *l, FILE *f, char *room, struct ini_text *out)
{
	size_t n = fread(room, 1, FILE_MAX + 1, f);

	if (ferror(f))
		return fail(l, -errno, "cannot be read: %s", strerror(errno));
	if (n > FILE_MAX)
		return fail(l, -EFBIG, "file larger than %u bytes", FILE_MAX);
	out->text = malloc(n + 1);
	if (!out->text)
		return fail(l, -ENOMEM, "out of memory");
	memcpy(out->text, room, n);
	out->size = n;
	return 0;
}

int ini_read(struct ini_text *t, char *err, size_t err_size)
{
	struct loader l = { .path = t->path, .err = err, .err_size = err_size };
	FILE *f = fopen(t->path, "re");
	char *room;
	int r;

	err[0] = '\0';
	if (!f)
		return fail(&l, -errno, "cannot be opened: %s",
			    strerror(errno));
	room = malloc(FILE_MAX + 1);
	r = room ? slurp(&l, f, room, t) : fail(&l, -ENOMEM, "out of memory");
	free(room);
	fclose(f);
	return r;
}

int ini_load_text(const struct ini_text *t, ini_key_fn fn, void *ctx, char *err,
		  size_t err_size)
{
	struct loader l = {
		.fn = fn,
		.ctx = ctx,
		.err = err,
		.err_size = err_size,
	};

	err[0] = '\0';
	begin(&l, t->path);
	return t->size ? parse(&l, fmemopen(t->text, t->size, "r")) : 0;
}
