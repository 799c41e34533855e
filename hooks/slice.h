/*
 * slice.h - a piece of a text that is somebody else's
 */
#ifndef HOOKS_SLICE_H
#define HOOKS_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *at;
	size_t len;
};

static inline bool slice_is(struct slice s, const char *text)
{
	return s.len == strlen(text) && !memcmp(s.at, text, s.len);
}

static inline bool slice_same(struct slice a, struct slice b)
{
	return a.len == b.len && (!a.len || !memcmp(a.at, b.at, a.len));
}

#endif /* HOOKS_SLICE_H */
