/*
 * tty_pty.h - a pseudoterminal of which others have the slave
 *
 * What is done to a slave can be made to wait by whoever has it open (a read
 * that waits and TIOCSETD next to it hold its locks for seconds).  Of what is
 * done to a master three things can be, too: tcgetattr(3), tcsetattr(3) and the
 * last close(2).  Once a slave is given away the core leaves all of that to a
 * process of its own (tty_keeper.h); nothing else waits.
 *
 * The slave is not kept open.  So the master tells exactly whether somebody
 * has it: it is hung up while nobody does.
 */
#ifndef HOST_AGENT_TTY_PTY_H
#define HOST_AGENT_TTY_PTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define TTY_PTY_DIR	 "/dev/pts"
#define TTY_PTY_NODE_MAX 24  /* terminated */
#define TTY_PTY_MAJOR	 136 /* of slaves; the minor is the number */

struct tty_pty {
	int master; /* non-blocking; -1: none */
	int drain;  /* epoll(7): readable when the slave was read; -1: none */
	unsigned int number;
};

/* Mode 0600 and raw.  0 or -errno. */
int tty_pty_make(struct tty_pty *p);
/* The master that another process made.  0 or -errno: the caller keeps fd. */
int tty_pty_adopt(struct tty_pty *p, int fd);
/* Of one that nobody else had, but by descriptor. */
void tty_pty_close(struct tty_pty *p);
/* The master stays open, and is somebody else's. */
void tty_pty_leave(struct tty_pty *p);

/* The slave's path. */
void tty_pty_node(const struct tty_pty *p, char out[static TTY_PTY_NODE_MAX]);

/* A number that no other master has at the same time, not 0; 0: no master. */
uint64_t tty_pty_identity(int fd);

/* Has somebody the slave open?  As of now. */
bool tty_pty_is_open(const struct tty_pty *p);
/* Would a write take a byte? */
bool tty_pty_has_room(const struct tty_pty *p);

/*
 * As write(2).  A write makes drain readable, like a read that leaves little:
 * this consumes it.
 */
ssize_t tty_pty_write(struct tty_pty *p, const void *buf, size_t len);
/* Was the slave read since?  Consumes what made drain readable. */
bool tty_pty_drained(struct tty_pty *p);

/*
 * Raw, whatever others made of it.  0 or -errno.  Once somebody else may have
 * the slave this may wait without end, and cannot be ended: terminal.h.
 */
int tty_pty_set_raw(int master);
/*
 * Likewise: discards what waits in the slave unread, and nothing of what was
 * written to it.  Has the slave open for a moment.  0 or -errno; -EBUSY: who had
 * it keeps it to himself (TIOCEXCL).
 */
int tty_pty_discard(int master);

#endif /* HOST_AGENT_TTY_PTY_H */
