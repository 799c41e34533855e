/*
 * containers.h - registered containers: what each gets, and what LXC's hook
 * tells of them
 *
 * A container has a terminal (virtual, plain), an EGD socket, both or neither;
 * what it is told of its device is in device_facts.h.  What is known of its
 * phase outlives this process in a file of run_dir.
 */
#ifndef HOST_AGENT_CONTAINERS_H
#define HOST_AGENT_CONTAINERS_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "host-agent/consumer.h"
#include "host-agent/device_facts.h"

#define CONTAINERS_FILE_MAX 262144  /* bytes */
#define CONTAINERS_PID_MAX  4194304 /* PID_MAX_LIMIT of Linux */
/*
 * From prepare to started: LXC's own part of a start, which takes seconds.  One
 * that was killed in between never tells more.
 */
#define CONTAINERS_PREPARE_S 120
#define CONTAINERS_RETRY_S   10 /* what could not be made is tried again */

struct container;
struct containers;
struct egd_pub;
struct event_base;
struct handover;
struct hostconf;
struct letgo;
struct tty_keeper;

/* A container as status shows it; pointers are valid until the next call. */
struct container_view {
	const char *id;
	enum consumer_device device;
	const char *node; /* NULL: none */
	bool stalled;	  /* its terminal is held, and gets nothing */
	bool socket;
	const char *lacks; /* what could not be made, and why; NULL: nothing */
	enum consumer_phase phase;
	pid_t pid; /* 0: not known */
	bool override;
	uint64_t foreign; /* connections to its socket from elsewhere */
	enum service_supply supply;
	const struct consumer *main;   /* never NULL */
	const struct consumer *second; /* whose counts are added; or NULL */
};

/* All must outlive it; h may be NULL.  NULL and errno. */
struct containers *containers_new(struct event_base *base, struct egd_pub *pub,
				  struct letgo *letgo,
				  struct tty_keeper *keeper, struct handover *h,
				  const char *run_dir);
/* kept: the service manager has what others may go on with. */
void containers_free(struct containers *c, bool kept); /* NULL is fine */

/*
 * Makes them those of conf: who stays keeps its terminal.  0 or -EIO: not all
 * could be made, each was logged.
 */
int containers_apply(struct containers *c, const struct hostconf *conf);

/*
 * Goes on with what the last process knew, and closes what it left that is not
 * configured any more; after the first apply.
 */
void containers_load(struct containers *c);

/*
 * {"op":"prepare"|"started"|"running"|"stopped","id":ID,"pid":N}, of which pid
 * may be missing; "running" of one that was started before this process knew.
 * A control_stream_fn.
 */
int containers_event(void *containers, int fd, const json_t *request,
		     char *why);

/* The agent's state, for the facts. */
void containers_set_state(struct containers *c, const char *state);
/* Once a second. */
void containers_tick(struct containers *c);
/* A device may have been let go, or its terminal be there: facts. */
void containers_look(struct containers *c);

/* All of them; NULL starts, NULL ends.  NULL: there is none of that ID. */
struct container *containers_next(struct containers *c, struct container *t);
struct container *containers_find(struct containers *c, const char *id);
void containers_view(const struct container *t, struct container_view *out);

/*
 * Live changes.  -ENODEV: it gets no bytes of ours; else as
 * egd_pub_set_service().
 */
int containers_set_service(struct container *t,
			   const struct service_policy *policy);
int containers_set_limits(struct container *t, const struct sched_limits *lim);
/* Changed over the control socket, until the next reload. */
void containers_set_override(struct container *t, bool override);

#endif /* HOST_AGENT_CONTAINERS_H */
