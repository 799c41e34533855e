/*
 * containers_priv.h - the list of containers, and its file
 */
#ifndef HOST_AGENT_CONTAINERS_PRIV_H
#define HOST_AGENT_CONTAINERS_PRIV_H

#include <sys/queue.h>

#include "host-agent/containers.h"
#include "host-agent/hostconf.h"
#include "host-agent/tty_pub.h"

struct container {
	TAILQ_ENTRY(container) entry;
	struct hostconf_container conf;
	char key[CONSUMER_UUID_MAX];	    /* of it: letgo.h */
	char tty_key[CONSUMER_UUID_MAX];    /* for the hand-over */
	char socket_key[CONSUMER_UUID_MAX]; /* likewise */
	uint32_t number;		    /* of its virtual device */
	struct tty_port *tty;		    /* NULL: none */
	struct egd_sock *sock;		    /* NULL: none */
	struct consumer idle;		    /* status of one with neither */
	enum consumer_phase phase;
	unsigned int prepared; /* ticks that it is */
	pid_t pid;
	bool override;
	char lacks[96]; /* a terminal or socket, as was logged; "": nothing */
	struct device_facts told;
};

TAILQ_HEAD(container_list, container);

struct containers {
	struct egd_pub *pub;
	struct tty_pub *ttys;
	struct letgo *letgo;
	const char *run_dir;
	const char *state;
	struct container_list list;
	bool unsaved; /* said that the file cannot be written */
	bool untold;  /* the same of facts */
	unsigned int ticks;
};

/* What it has becomes what its conf names.  0 or -EIO, logged. */
int container_equip(struct containers *c, struct container *t);

/* Its OneRNG is let go while it runs, and taken back when it does not. */
void container_hold(struct containers *c, struct container *t);

/* Its socket is for those that are where its first process is. */
void container_note_init(struct container *t);

/* What nobody tells of it: that its init is gone, that a device came. */
void container_look(struct containers *c, struct container *t);

/* Once a second: that nothing came of its start. */
void container_tick(struct containers *c, struct container *t);

/* Devices let go for containers that another process knew. */
void containers_end_orphans(struct containers *c);

/* Facts of one, written if they changed. */
void container_tell(struct containers *c, struct container *t);

/* Phases and processes, for the next process. */
void containers_save(struct containers *c);

#endif /* HOST_AGENT_CONTAINERS_PRIV_H */
