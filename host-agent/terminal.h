/*
 * terminal.h - the process that does with containers' terminals what whoever
 * has a slave can make wait without end
 *
 * It holds a duplicate of every master that the core gives away the slave of,
 * so that no close of the core or of the service manager's is the last one,
 * sets termios(3) when asked, and closes when told.  Each is done by a thread:
 * what waits there keeps one thread, cannot be killed, and nobody waits for it.
 */
#ifndef HOST_AGENT_TERMINAL_H
#define HOST_AGENT_TERMINAL_H

#include "common/sandbox.h"

#define TERMINAL_BUSY_MAX 32 /* threads; more terminals than that wait */
#define TERMINAL_LINGER_S 20 /* see terminal_serve() */
#define TERMINAL_CLOSE_MS 1000
#define TERMINAL_HELD_MS  1000 /* all threads at the same: they are held */

/*
 * Until the core's end of fd is closed.  Without a word of the core's, what a
 * service manager has in its store goes soon after the core: all are held for
 * linger_s more, then closed.
 */
void terminal_serve(int fd, unsigned int linger_s);

int terminal_main(enum sandbox_mode sandbox);

#endif /* HOST_AGENT_TERMINAL_H */
