/*
 * library.h - a library that is loaded when a command needs it, and stays
 */
#ifndef CTL_LIBRARY_H
#define CTL_LIBRARY_H

#include <stddef.h>

/* A call of the library, and where in a table its address goes. */
struct library_call {
	const char *name;
	size_t offset;
};

struct library {
	const char *file, *name, *package; /* the last two are for people */
	const struct library_call *calls;
	size_t count;
};

/* Fills *table.  0, or -EIO with *why. */
int library_load(const struct library *l, void *table, char *why, size_t size);

#endif /* CTL_LIBRARY_H */
