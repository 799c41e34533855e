/*
 * adopt.h - readers that outlive the program that started them
 *
 * An exec leaves a process its children.  A reader that the next program takes
 * over has its device still open, so nothing is opened and dumped anew.  They
 * are named in the environment, which is checked like anything from outside:
 * what is no child of ours, or no socket of that kind, is not taken, and a
 * reader of another program than this one, or behind another filter, is killed.
 */
#ifndef HOST_AGENT_ADOPT_H
#define HOST_AGENT_ADOPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host-agent/rawmsg.h"

/* FORM PID DEVICE:INODE SANDBOX, then of each reader PID:FD:INODE:PORT */
#define ADOPT_ENV  "ONERNG_READERS"
#define ADOPT_FORM 1 /* of that text and of rawmsg.h: another, another number */
#define ADOPT_MAX  16 /* readers */
#define ADOPT_TEXT 2048

struct adopt_reader {
	pid_t pid;
	int fd; /* its socket */
	uint64_t ino;
	char port[RAWMSG_PORT_MAX];
};

struct adopt {
	struct adopt_reader readers[ADOPT_MAX];
	size_t count;
};

/* False: there is no room. */
bool adopt_add(struct adopt *a, pid_t pid, int fd, const char *port);

/* Ends it, whatever it does. */
void adopt_kill(pid_t pid, int fd);

/*
 * Before exec: names them and makes their sockets inheritable.  0, or -errno:
 * the next program will not find them.
 */
int adopt_arm(struct adopt *a, const char *sandbox);

/* Without an exec: those whose pid is not 0 by now are killed. */
void adopt_disarm(struct adopt *a);

/*
 * What the program before this one left to it, once: living children with
 * their sockets, non-blocking and closed at exec.  Those that cannot be used
 * are killed, with a warning.
 */
void adopt_collect(struct adopt *a, const char *sandbox);

/* "PID:FD:INODE:PORT", all of it.  0 or -EINVAL. */
int adopt_parse(struct adopt_reader *r, const char *text);

#endif /* HOST_AGENT_ADOPT_H */
