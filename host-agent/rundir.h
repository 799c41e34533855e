/*
 * rundir.h - the runtime directory: who owns it, and what is below it
 *
 * A lock file keeps a second agent away; it goes when the agent ends.
 */
#ifndef HOST_AGENT_RUNDIR_H
#define HOST_AGENT_RUNDIR_H

#include "host-agent/consumer.h"

#define RUNDIR_WHY_MAX 256

struct rundir {
	const char *path;
	int lock_fd;		    /* -1: not locked */
	char lacks[RUNDIR_WHY_MAX]; /* and why; "": nothing */
};

/*
 * Creates path, which outlives it, and what belongs below it, and takes its
 * lock.  0, also when something below it is lacking; -EBUSY: another agent has
 * it; other -errno: it is not there.  Why stands in lacks.
 */
int rundir_open(struct rundir *d, const char *path);
/* Tries again what is lacking.  0 or -errno. */
int rundir_complete(struct rundir *d);
void rundir_close(struct rundir *d);

/* Names of files below path: sockets, and what is known for the next process. */
#define RUNDIR_HOST_SOCKET    "host.sock"
#define RUNDIR_CONTROL_SOCKET "control.sock"
#define RUNDIR_HOOK_SOCKET    "hook.sock"
#define RUNDIR_DOMAINS	      "domains.json"
#define RUNDIR_CONTAINERS     "containers.json"
#define RUNDIR_FAILURES	      "failures.json" /* of devices */

/* The same while it is written. */
#define RUNDIR_DOMAINS_NEW    "domains.new"
#define RUNDIR_CONTAINERS_NEW "containers.new"
#define RUNDIR_FAILURES_NEW   "failures.new"

/* An address below path, whose length was checked by hostconf. */
void rundir_file(char out[static CONSUMER_PATH_MAX], const char *path,
		 const char *name);
void rundir_domain_socket(char out[static CONSUMER_PATH_MAX], const char *path,
			  const char *uuid);

/* Containers: RUN/lxc, RUN/lxc/ID, its socket, RUN/lxc/ID.facts. */
#define RUNDIR_LXC_MAX 192 /* terminated */
void rundir_container_dir(char out[static RUNDIR_LXC_MAX], const char *path,
			  const char *id);
void rundir_container_socket(char out[static CONSUMER_PATH_MAX],
			     const char *path, const char *id);
void rundir_container_facts(char out[static RUNDIR_LXC_MAX], const char *path,
			    const char *id);
void rundir_container_facts_new(char out[static RUNDIR_LXC_MAX],
				const char *path, const char *id);
/* Makes it, mode 0755.  0 or -errno. */
int rundir_make_container(const char *path, const char *id);

#endif /* HOST_AGENT_RUNDIR_H */
