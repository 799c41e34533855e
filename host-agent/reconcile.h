/*
 * reconcile.h - what the agent knows of domains against what libvirt says
 *
 * libvirt is asked after the moment of the mark, so what its hook told before
 * that is older, what it told since is newer.  But the hook speaks ahead of
 * libvirt's own books: a domain that restores or migrates in is not in them yet,
 * one that was released still is.  So what the hook told just before the mark
 * is not overruled either; that is decided later, by another look.
 *
 * Pure: time is an argument, nothing is changed but the set.
 */
#ifndef HOST_AGENT_RECONCILE_H
#define HOST_AGENT_RECONCILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-agent/consumer.h"
#include "host-agent/passed.h"

#define RECONCILE_MAX	   8192 /* domains in a set */
#define RECONCILE_GUARD_US 5000000
/* ... of a domain whose image is being read, or whose memory comes */
#define RECONCILE_COMING_US 60000000

enum reconcile_state {
	RECONCILE_RUNNING,
	RECONCILE_DOWN,	     /* libvirt knows it */
	RECONCILE_UNDEFINED, /* it went, and its definition with it */
	RECONCILE_ABSENT,    /* not among all that libvirt has */
};

enum reconcile_verdict {
	RECONCILE_KEEP,	  /* as it is known */
	RECONCILE_LATER,  /* it is too early to tell */
	RECONCILE_RUNS,	  /* its start was not told */
	RECONCILE_ENDED,  /* its end was not told */
	RECONCILE_FORGET, /* it does not come back */
};

/* What libvirt says of a domain. */
struct reconcile_seen {
	char uuid[CONSUMER_UUID_MAX];
	char name[CONSUMER_NAME_MAX]; /* "": not known, of one that is down */
	enum reconcile_state state;
	bool ours;     /* running: its XML names the socket it would have */
	bool has_wish; /* running: what its metadata says is known */
	bool known;    /* ... to the agent, which marks it here */
	struct wish wish;
	struct passed usb[PASSED_MAX]; /* running: what it has passed through */
	size_t usb_count;
};

struct reconcile_set {
	struct reconcile_seen *seen;
	size_t count, room;
	bool whole; /* all that libvirt has */
	uint64_t mark_us;
};

void reconcile_begin(struct reconcile_set *set, bool whole, uint64_t mark_us);
/* 0, -ENOSPC (RECONCILE_MAX) or -ENOMEM. */
int reconcile_add(struct reconcile_set *set, const struct reconcile_seen *seen);
/* Before the first search.  Of two with the same UUID one is kept. */
void reconcile_sort(struct reconcile_set *set);
void reconcile_end(struct reconcile_set *set);

/* NULL: it is not in it. */
struct reconcile_seen *reconcile_find(const struct reconcile_set *set,
				      const char *uuid);

/*
 * What to do about a consumer that is a domain; c->connected only if the
 * peer's process is there.
 */
enum reconcile_verdict reconcile_domain(const struct consumer *c,
					enum reconcile_state state,
					uint64_t mark_us);

/*
 * About a device that was let go for a domain, asked_us ago: _KEEP, _LATER or
 * _ENDED.  has_peer: its QEMU is connected to us.
 */
enum reconcile_verdict reconcile_device(uint64_t asked_us, bool has_peer,
					enum reconcile_state state,
					uint64_t mark_us);

/*
 * About devices that libvirt says a running domain has: _KEEP, _LATER or _RUNS,
 * they are to be let go.  c NULL: it is no consumer; ended_us: when a device
 * that it had was taken back, 0 if none was.
 */
enum reconcile_verdict reconcile_passed(const struct consumer *c,
					uint64_t ended_us, uint64_t mark_us);

#endif /* HOST_AGENT_RECONCILE_H */
