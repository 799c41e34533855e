/*
 * core_priv.h - what the parts of the core know of each other
 */
#ifndef HOST_AGENT_CORE_PRIV_H
#define HOST_AGENT_CORE_PRIV_H

#include <stdbool.h>
#include <sys/types.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "host-agent/change.h"
#include "host-agent/core.h"
#include "host-agent/hostconf.h"
#include "host-agent/rundir.h"
#include "host-agent/service.h"
#include "host-agent/status.h"

enum core_signal {
	CORE_TERM,
	CORE_INT,
	CORE_HUP,
	CORE_USR1,
	CORE_USR2,
	CORE_CHLD,
	CORE_SIGNALS,
};

struct core {
	const char *path;
	int log_level;	  /* -1: the configuration's */
	int64_t slept_ms; /* when last looked at */
	struct hostconf *conf;
	/* as at the start */
	char run_dir[HOSTCONF_RUN_DIR_MAX], state_dir[BASELINES_DIR_MAX];
	struct rundir rundir;
	unsigned int run_dir_ticks; /* since something is lacking there */
	struct event_base *base;
	struct sched *sched;
	struct pool *pool;
	struct egd_pub *pub;
	struct devset *devices;
	struct control *control;
	struct control *hook; /* libvirt's hooks and watcher speak to it */
	struct letgo *letgo;
	struct domains *domains;
	struct tty_keeper *keeper;
	struct containers *containers;
	struct domwatch *domwatch;
	struct capture *capture;
	struct selftest *selftest;
	struct status status;
	struct change_targets change;
	const char *state; /* as last told */
	bool unverified;   /* likewise: a firmware is */
	struct service_absence absence;
	bool stopping;
	struct handover *handover;
	const struct restart *restart; /* NULL: cannot */
	pid_t rehearsal;	       /* 0: none runs */
	bool restarting;	       /* the devices are given back for it */
	struct event signals[CORE_SIGNALS], tick_ev, stop_ev;
};

/*
 * Takes run_dir and listens there: core_listen.c.  0, or -errno, logged: nobody
 * could be served.
 */
int core_listen(struct core *c);
/* Once a second: what could not be made is tried again. */
void core_listen_tick(struct core *c);

/* Events of core_end.c. */
void core_on_term(evutil_socket_t fd, short what, void *arg);
void core_on_usr2(evutil_socket_t fd, short what, void *arg);
void core_on_child(evutil_socket_t fd, short what, void *arg);
void core_on_stop_timeout(evutil_socket_t fd, short what, void *arg);

#endif /* HOST_AGENT_CORE_PRIV_H */
