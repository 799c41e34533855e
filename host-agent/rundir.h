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

/* Socket addresses below path; its length was checked by hostconf. */
void rundir_domain_socket(char out[static CONSUMER_PATH_MAX], const char *path,
			  const char *uuid);
void rundir_host_socket(char out[static CONSUMER_PATH_MAX], const char *path);
void rundir_control_socket(char out[static CONSUMER_PATH_MAX],
			   const char *path);
void rundir_hook_socket(char out[static CONSUMER_PATH_MAX], const char *path);

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

/* What is known of containers, and while it is written. */
void rundir_containers_file(char out[static CONSUMER_PATH_MAX],
			    const char *path);
void rundir_containers_new(char out[static CONSUMER_PATH_MAX],
			   const char *path);

/* Failures of devices, and while it is written. */
void rundir_failures_file(char out[static CONSUMER_PATH_MAX], const char *path);
void rundir_failures_new(char out[static CONSUMER_PATH_MAX], const char *path);

/* What is known of domains, for the next process: and while it is written. */
void rundir_domains_file(char out[static CONSUMER_PATH_MAX], const char *path);
void rundir_domains_new(char out[static CONSUMER_PATH_MAX], const char *path);

#endif /* HOST_AGENT_RUNDIR_H */
