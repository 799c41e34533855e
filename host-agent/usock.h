/*
 * usock.h - Unix stream sockets that this agent listens on
 */
#ifndef HOST_AGENT_USOCK_H
#define HOST_AGENT_USOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "host-agent/consumer.h"

#define USOCK_WHY_MAX 256

/*
 * Listens at path: that mode, group gid unless it is (gid_t)-1.  A socket file
 * that nobody listens on is replaced.  A non-blocking, close-on-exec socket, or
 * -errno with why ("PATH: reason", what to do, USOCK_WHY_MAX bytes).
 */
int usock_listen(const char *path, gid_t gid, mode_t mode, char *why);

/*
 * The same for a socket that another process listened on: if it is that of
 * path, and what is there leads to it, it goes on.  0 or -errno with why; the
 * socket stays the caller's.
 */
int usock_adopt(int fd, const char *path, gid_t gid, mode_t mode, char *why);

/* Is the accepted fd how usock_adopt() asked?  There is nobody behind it. */
bool usock_is_probe(int fd, const struct consumer_peer *peer);

/* Closes it and removes its file. */
void usock_unlisten(int fd, const char *path);

/*
 * Who connected.  0 or -errno.  The start time tells a process from an earlier
 * one with the same pid; it stays 0 where /proc hides it.
 */
int usock_peer(int fd, struct consumer_peer *out);

/* Has the process ended, or been replaced by another with its pid? */
bool usock_peer_is_dead(const struct consumer_peer *peer);

#endif /* HOST_AGENT_USOCK_H */
