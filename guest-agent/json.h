/*
 * json.h - reads a JSON object of scalars and of objects of scalars
 *
 * As much as the status file needs, and no more.  The text comes from a file
 * that anybody may have put there, so nothing in it is trusted.
 */
#ifndef GUEST_JSON_H
#define GUEST_JSON_H

#include <stddef.h>
#include <stdint.h>

#define JSON_TEXT_MAX 256

struct json_value {
	const char *text; /* decoded and cut to JSON_TEXT_MAX; NULL: a number */
	int64_t number;	  /* true is 1; false and null are 0 */
};

/* group is "" for a key of the outer object. */
typedef void (*json_value_fn)(void *ctx, const char *group, const char *key,
			      const struct json_value *value);

/* Calls fn for every value.  0 or -EBADMSG. */
int json_read(const char *text, json_value_fn fn, void *ctx);

/*
 * Appends "text" quoted and escaped to out at *at; what does not fit is left
 * out, *at counts on.
 */
void json_quote(char *out, size_t size, size_t *at, const char *text);

#endif /* GUEST_JSON_H */
