/*
 * notify.h - tells the service manager (sd_notify(3)), without its library
 */
#ifndef COMMON_NOTIFY_H
#define COMMON_NOTIFY_H

/*
 * Sends state ("READY=1\nSTATUS=...") to $NOTIFY_SOCKET.  1 sent, 0 nobody
 * asked for it, or -errno; never blocks.
 */
int notify_send(const char *state);

#endif /* COMMON_NOTIFY_H */
