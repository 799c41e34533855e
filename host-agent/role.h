/*
 * role.h - what the reader and watcher roles have in common
 *
 * A role is a re-executed onerng-hostd with RAWMSG_FD as its only descriptor
 * beside the standard ones.  It is asked to end by RAWMSG_STOP, by the end of
 * that socket or by SIGTERM, whichever comes first.
 */
#ifndef HOST_AGENT_ROLE_H
#define HOST_AGENT_ROLE_H

#include <stdint.h>

#define ROLE_FDS 2 /* RAWMSG_FD and the signals, for poll(2) or usb_wait() */

/*
 * No core dumps, tight umask, no inherited descriptor above RAWMSG_FD, SIGTERM
 * when the parent dies; SIGTERM and SIGINT are readable at the descriptor that
 * is returned.  Before libusb starts its threads.  -errno on failure.
 */
int role_enter(void);

/* Milliseconds of the monotonic clock. */
int64_t role_now_ms(void);

#endif /* HOST_AGENT_ROLE_H */
