/*
 * virt_watch.h - libvirt as it goes on: which domains changed
 *
 * One thread and one loop, libvirt's own.  Nothing is believed of an event but
 * that a domain has changed: what is so is asked for afterwards.  The
 * connection is read-only and kept alive, so that a daemon that does not answer
 * ends it.
 */
#ifndef CTL_VIRT_WATCH_H
#define CTL_VIRT_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/virt.h"

#define VIRT_WATCH_CHANGED_MAX 64 /* domains; more: all of them */

struct virt_watch;

enum virt_seen_state {
	VIRT_SEEN_RUNNING,
	VIRT_SEEN_DOWN,
	VIRT_SEEN_UNDEFINED, /* of one that was asked about: it is no more */
};

struct virt_seen {
	char uuid[VIRT_UUID_MAX];
	const char *name; /* "" of one that is no more */
	enum virt_seen_state state;
	const char *xml; /* of one that runs; NULL: it cannot be had */
};

/* Says what is seen of a domain; negative: enough. */
typedef int (*virt_seen_fn)(void *ctx, const struct virt_seen *seen);

/* uri as in virt.h.  NULL with why: the library is not there. */
struct virt_watch *virt_watch_new(const char *uri,
				  char why[static VIRT_WHY_MAX]);

/* Where it connects to. */
const char *virt_watch_uri(const struct virt_watch *w);

/* 0, or -EIO with why. */
int virt_watch_open(struct virt_watch *w, char why[static VIRT_WHY_MAX]);
void virt_watch_close(struct virt_watch *w);

/* Connected, and the other end is there as far as is known. */
bool virt_watch_is_open(const struct virt_watch *w);

/* Connected until the other end went: to be closed. */
bool virt_watch_is_lost(const struct virt_watch *w);

/*
 * Also waits for fd being readable or closed; -1: for none, before it is
 * closed.
 */
void virt_watch_set_fd(struct virt_watch *w, int fd);

/*
 * Waits for events, timeout_ms at most.  1: fd has something; 0; -EIO: it
 * cannot.
 */
int virt_watch_run(struct virt_watch *w, int timeout_ms);

/* Is there anything that changed since it was asked about? */
bool virt_watch_has_changes(const struct virt_watch *w);
/* More than there is room for: only a look at all of them is one. */
bool virt_watch_has_lost(const struct virt_watch *w);

/*
 * All domains as they are at one moment, or those that changed.  What changed
 * before counts as seen.  0; -EIO with why; or what fn returned, if negative.
 */
int virt_watch_all(struct virt_watch *w, virt_seen_fn fn, void *ctx,
		   char why[static VIRT_WHY_MAX]);
int virt_watch_changes(struct virt_watch *w, virt_seen_fn fn, void *ctx,
		       char why[static VIRT_WHY_MAX]);

#endif /* CTL_VIRT_WATCH_H */
