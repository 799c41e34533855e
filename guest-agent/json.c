#include "guest-agent/json.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	const char *at;
	json_value_fn fn;
	void *ctx;
};

static void skip_space(struct reader *r)
{
	while (*r->at && strchr(" \t\r\n", *r->at))
		r->at++;
}

/* Takes c if it comes next. */
static bool take(struct reader *r, char c)
{
	skip_space(r);
	if (*r->at != c || !c)
		return false;
	r->at++;
	return true;
}

static int read_hex(struct reader *r)
{
	int n = 0;

	for (int i = 0; i < 4; i++, r->at++) {
		if (!isxdigit((unsigned char)*r->at))
			return -EBADMSG;
		n = n * 16 + (isdigit((unsigned char)*r->at)
				      ? *r->at - '0'
				      : (*r->at | 0x20) - 'a' + 10);
	}
	return n;
}

/* The character behind a backslash; what is not Latin-1 becomes '?'. */
static int read_escape(struct reader *r)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *p = *r->at ? strchr(from, *r->at) : NULL;
	int n;

	if (p) {
		r->at++;
		return (unsigned char)to[p - from];
	}
	if (*r->at++ != 'u')
		return -EBADMSG;
	n = read_hex(r);
	return n > 0xff || !n ? '?' : n;
}

static int read_string(struct reader *r, char out[JSON_TEXT_MAX])
{
	size_t len = 0;
	int c;

	if (!take(r, '"'))
		return -EBADMSG;
	while (*r->at != '"') {
		if ((unsigned char)*r->at < 0x20)
			return -EBADMSG; /* the end of the text, too */
		c = (unsigned char)*r->at++;
		if (c == '\\')
			c = read_escape(r);
		if (c < 0)
			return c;
		if (len < JSON_TEXT_MAX - 1)
			out[len++] = (char)c;
	}
	r->at++;
	out[len] = '\0';
	return 0;
}

static int read_number(struct reader *r, int64_t *out)
{
	char *end;

	if (*r->at != '-' && !isdigit((unsigned char)*r->at))
		return -EBADMSG;
	errno = 0;
	*out = strtoll(r->at, &end, 10);
	if (errno || end == r->at || *end == '.' || (*end | 0x20) == 'e')
		return -EBADMSG;
	r->at = end;
	return 0;
}

static int read_scalar(struct reader *r, char text[JSON_TEXT_MAX],
		       struct json_value *v)
{
	static const struct {
		const char *word;
		int number;
	} words[] = { { "true", 1 }, { "false", 0 }, { "null", 0 } };

	*v = (struct json_value){ 0 };
	if (*r->at == '"') {
		v->text = text;
		return read_string(r, text);
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i].word);

		if (!strncmp(r->at, words[i].word, len)) {
			r->at += len;
			v->number = words[i].number;
			return 0;
		}
	}
	return read_number(r, &v->number);
}

/* group "" is the outer object, and the only one that may hold another. */
static int read_object(struct reader *r, const char *group)
{
	char key[JSON_TEXT_MAX], text[JSON_TEXT_MAX];
	struct json_value v;
	int err;

	if (!take(r, '{'))
		return -EBADMSG;
	if (take(r, '}'))
		return 0;
	do {
		skip_space(r);
		err = read_string(r, key);
		if (err || !key[0] || !take(r, ':'))
			return -EBADMSG;
		skip_space(r);
		if (*r->at == '{' && !group[0]) {
			err = read_object(r, key);
		} else {
			err = read_scalar(r, text, &v);
			if (!err)
				r->fn(r->ctx, group, key, &v);
		}
		if (err)
			return err;
	} while (take(r, ','));
	return take(r, '}') ? 0 : -EBADMSG;
}

int json_read(const char *text, json_value_fn fn, void *ctx)
{
	struct reader r = { .at = text, .fn = fn, .ctx = ctx };
	int err = read_object(&r, "");

	if (err)
		return err;
	skip_space(&r);
	return *r.at ? -EBADMSG : 0;
}

static void put(char *out, size_t size, size_t *at, char c)
{
	if (*at < size)
		out[*at] = c;
	(*at)++;
}

void json_quote(char *out, size_t size, size_t *at, const char *text)
{
	static const char hex[] = "0123456789abcdef";

	put(out, size, at, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c < 0x7f) {
			if (c == '"' || c == '\\')
				put(out, size, at, '\\');
			put(out, size, at, (char)c);
			continue;
		}
		/* Latin-1 for all else: readable, and never broken UTF-8. */
		put(out, size, at, '\\');
		put(out, size, at, 'u');
		put(out, size, at, '0');
		put(out, size, at, '0');
		put(out, size, at, hex[c >> 4]);
		put(out, size, at, hex[c & 15]);
	}
	put(out, size, at, '"');
}
