/*
 * tty_pub.h - the terminal publisher: a pseudoterminal for each container
 *
 * Shares the turns of the EGD publisher.  Who opens a terminal is seen by a
 * watch on the directory of all of them, which needs no right to the node
 * itself: that is given away to the container.
 */
#ifndef HOST_AGENT_TTY_PUB_H
#define HOST_AGENT_TTY_PUB_H

#include <stdbool.h>
#include <stdint.h>

#include "host-agent/consumer.h"
#include "host-agent/tty_pty.h"

#define TTY_PUB_GAP_MS 5 /* between two looks at who opened what */

struct egd_pub;
struct event_base;
struct handover;
struct tty_keeper;
struct tty_port;
struct tty_pub;

/* All must outlive it; h may be NULL.  NULL and errno. */
struct tty_pub *tty_pub_new(struct event_base *base, struct egd_pub *pub,
			    struct tty_keeper *keeper, struct handover *h);
void tty_pub_free(struct tty_pub *p); /* with all terminals; NULL is fine */

/*
 * A terminal for id (name, limits, policy), the one that the last process had
 * under that key if there is one.  number tells virtual devices apart.  NULL
 * and errno.
 */
struct tty_port *tty_pub_add(struct tty_pub *p, const struct consumer *id,
			     const char *key, uint32_t number);
void tty_pub_remove(struct tty_pub *p, struct tty_port *t);

/* Ignores what is written, and needs no cmdO. */
void tty_pub_set_plain(struct tty_port *t, bool plain);

/*
 * Another terminal in its place: whoever had the old one keeps nothing.  0 or
 * -errno: the old one stays.
 */
int tty_pub_renew(struct tty_port *t);
/* As after power-up, and what opens it next is a container that started. */
void tty_pub_power_up(struct tty_port *t);

void tty_pub_set_limits(struct tty_port *t, const struct sched_limits *lim);
/* 0, or -errno (service_change()'s): it stays as it was. */
int tty_pub_set_service(struct tty_port *t,
			const struct service_policy *policy);

const struct consumer *tty_pub_consumer(const struct tty_port *t);
enum service_supply tty_pub_supply(const struct tty_port *t);
void tty_pub_node(const struct tty_port *t, char out[static TTY_PTY_NODE_MAX]);
unsigned int tty_pub_number(const struct tty_port *t);
/* Somebody holds it: nothing can be done with it, and it is given nothing. */
bool tty_pub_is_stalled(const struct tty_port *t);

/* Those that the last process left and nobody took: closed. */
void tty_pub_close_left(struct tty_pub *p);

/* Once a second. */
void tty_pub_tick(struct tty_pub *p);

#endif /* HOST_AGENT_TTY_PUB_H */
