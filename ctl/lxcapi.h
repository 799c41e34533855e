/*
 * lxcapi.h - liblxc, for the commands about containers
 *
 * The library is loaded when the first of them runs and not linked: onerngctl
 * is also for hosts without containers.  Its error codes end here: failures
 * are said in why, for people.
 *
 * Whether a container runs, liblxc asks at an abstract socket whose name any
 * process of the network namespace may take while the container is down.  So
 * nothing is asked, and no process taken for a container's, before it is known
 * that root listens there.
 */
#ifndef CTL_LXCAPI_H
#define CTL_LXCAPI_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define LXCAPI_WHY_MAX 512

struct lxcapi; /* the library */

struct lxcapi_container {
	struct lxcapi *api;
	void *handle;	  /* liblxc's */
	const char *name; /* as long as the handle lives */
	const char *path; /* the lxcpath that it is in */
};

enum lxcapi_state {
	LXCAPI_STOPPED,
	LXCAPI_STARTING, /* or stopping: nothing to be done to it */
	LXCAPI_RUNNING	 /* also frozen */
};

/* NULL with why. */
struct lxcapi *lxcapi_open(char why[static LXCAPI_WHY_MAX]);
void lxcapi_close(struct lxcapi *api); /* NULL is fine */

/* lxc.lxcpath of this host, such as /var/lib/lxc; never NULL. */
const char *lxcapi_default_path(struct lxcapi *api);

/*
 * The container of that name; path NULL: in the default one.  0; -ENOENT: it
 * has no configuration there; -EINVAL: the configuration cannot be loaded;
 * else -EIO.  lxcapi_release() ends it.
 */
int lxcapi_find(struct lxcapi *api, const char *path, const char *name,
		struct lxcapi_container *c, char why[static LXCAPI_WHY_MAX]);
void lxcapi_release(struct lxcapi_container *c);

/* STOPPED also where something else than root's monitor answers for it. */
enum lxcapi_state lxcapi_state(struct lxcapi_container *c);

/*
 * Of the running container's init: a pidfd, and its number in *pid, which is
 * that process as long as the pidfd is not readable.  -ESRCH: it does not run;
 * -EPERM: what answers is no monitor of root's.
 */
int lxcapi_init(struct lxcapi_container *c, pid_t *pid,
		char why[static LXCAPI_WHY_MAX]);

/*
 * A value as configured in the file, or as it runs; to be freed, lines ended
 * by newlines.  NULL: there is none.
 */
char *lxcapi_item(struct lxcapi_container *c, const char *key, bool running);

/* Of a running one, such as "devices.allow".  0 or -EIO with why. */
int lxcapi_set_cgroup(struct lxcapi_container *c, const char *item,
		      const char *value, char why[static LXCAPI_WHY_MAX]);

/* The same; what there is, to be freed.  NULL: it has none. */
char *lxcapi_cgroup(struct lxcapi_container *c, const char *item);

#endif /* CTL_LXCAPI_H */
