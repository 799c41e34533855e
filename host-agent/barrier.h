/*
 * barrier.h - when has the service manager done what it was told?
 */
#ifndef HOST_AGENT_BARRIER_H
#define HOST_AGENT_BARRIER_H

/*
 * A descriptor that is readable (its end) once the service manager has taken
 * every notification so far (BARRIER=1, sd_notify(3)); the caller closes it.
 * -ENOTCONN: there is none; or -errno.  Unlike sd_notify_barrier(3) it waits
 * for nothing.
 */
int barrier_send(void);

#endif /* HOST_AGENT_BARRIER_H */
