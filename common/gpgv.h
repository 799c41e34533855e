/*
 * gpgv.h - verifies a detached signature by a gpgv child, without waiting
 *
 * The child sees the keyring, the signature and the data as descriptors that
 * were opened or sealed before, so nothing changes between check and use; it
 * has no home, no environment of ours and GPGV_DEADLINE_S.  The owner's loop
 * reaps: it tells of every ended process by gpgv_check_reaped().
 */
#ifndef COMMON_GPGV_H
#define COMMON_GPGV_H

#include <stdbool.h>
#include <sys/types.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/firmware.h"
#include "common/gpgv_status.h"
#include "common/pin.h"

#define GPGV_DEADLINE_S	 10
#define GPGV_STDERR_MAX	 1024	 /* what of it is kept for the log */
#define GPGV_KEYRING_MAX 1048576 /* bytes */
#define GPGV_WHY_MAX	 512

struct gpgv_job {
	const char *keyring; /* a file of binary OpenPGP packets */
	const struct pin_set *pins;
	struct firmware_parts parts;
	unsigned int deadline_ms; /* 0: GPGV_DEADLINE_S */
};

struct gpgv_result {
	enum gpgv_verdict verdict;
	/* who signed; empty if gpgv did not say */
	char primary[GPGV_FPR_MAX + 1], signer[GPGV_FPR_MAX + 1];
	unsigned int hash;	/* OpenPGP's number, 0: not said */
	char why[GPGV_WHY_MAX]; /* one line: reason and what to do */
};

/* May start another check, or free the owner. */
typedef void (*gpgv_done)(void *owner, const struct gpgv_result *result);

struct gpgv_check {
	struct event_base *base;
	gpgv_done done;
	void *owner;
	/* private, of the check that runs */
	bool busy, timed_out;
	pid_t pid; /* 0: no child */
	int start_errno, status_fd, stderr_fd;
	enum gpgv_verdict refused; /* why no child was started */
	struct event status_ev, stderr_ev, end_ev;
	struct pin_set pins;
	struct gpgv_status status;
	char keyring[256];
	char said[GPGV_STDERR_MAX];
	size_t said_len;
};

void gpgv_check_init(struct gpgv_check *c, struct event_base *base,
		     gpgv_done done, void *owner);

/*
 * Nothing of job is used after return.  A check that runs is cancelled.
 * done() is called from the loop, once, whatever happens.
 */
void gpgv_check_start(struct gpgv_check *c, const struct gpgv_job *job);

/* Kills the child, which its owner's loop still has to reap.  No done(). */
void gpgv_check_cancel(struct gpgv_check *c);

/* pid ended with wait(2)'s status.  True if it was this check's child. */
bool gpgv_check_reaped(struct gpgv_check *c, pid_t pid, int status);

#endif /* COMMON_GPGV_H */
