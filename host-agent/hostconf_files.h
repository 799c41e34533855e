/*
 * hostconf_files.h - drop-ins of the configuration, some of which may be wrong
 *
 * Each is taken whole or not at all.  The texts that are in use are kept, to be
 * fallen back to.
 */
#ifndef HOST_AGENT_HOSTCONF_FILES_H
#define HOST_AGENT_HOSTCONF_FILES_H

#include "host-agent/hostconf.h"

/* A drop-in as it is in use, which need not be as it is on disk. */
struct hostconf_file {
	char *path, *text;
	size_t size;
};

/* One that is wrong. */
struct hostconf_fault {
	char *path;
	char why[INI_WHY_MAX]; /* "FILE:LINE: reason" */
	bool kept;	       /* what it said before counts; else nothing */
	bool ends_start;       /* a start fails of it, instead of without it */
};

/*
 * hostconf_load() for a start, when guests may be running: a drop-in of one
 * domain or container (its name begins with "domain-" or "container-", and it
 * has no other section) that is wrong is left out, and the others are served.
 */
int hostconf_load_for_start(const char *path, struct hostconf **out, char *err,
			    size_t err_size);

/*
 * The same for a reload: any drop-in that is wrong counts as it is in use by
 * old, or, if it is not, is left out.  What is wrong with path itself, or with
 * all of them together, is an error.
 */
int hostconf_load_again(const char *path, const struct hostconf *old,
			struct hostconf **out, char *err, size_t err_size);

/* What becomes of such a drop-in, for people, behind why. */
const char *hostconf_fault_effect(const struct hostconf_fault *f);

/* A part of hostconf_free(). */
void hostconf_free_files(struct hostconf *c);

#endif /* HOST_AGENT_HOSTCONF_FILES_H */
