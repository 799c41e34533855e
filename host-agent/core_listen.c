/*
 * core_listen.c - what the core listens on
 *
 * At a start that follows a crash, guests run and their peers wait.  So nothing
 * that concerns one socket alone ends the start: it is told, stands in the
 * status and is tried again.  Another agent in run_dir ends it, and what nobody
 * could be served without.
 */
#include "host-agent/core_priv.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "host-agent/containers.h"
#include "host-agent/control.h"
#include "host-agent/devset.h"
#include "host-agent/domains.h"
#include "host-agent/domwatch.h"
#include "host-agent/egd_conn.h"
#include "host-agent/handover.h"
#include "host-agent/listener.h"
#include "host-agent/roster.h"

#define GROUPS_MAX 256

/*
 * A socket of its own: questions on the control socket can neither delay a
 * domain's start nor take the last of its connections.
 */
static int listen_to_hook(struct core *c)
{
	char path[CONSUMER_PATH_MAX];
	const struct listener_at at = {
		.path = path,
		.key = HANDOVER_HOOK,
		.gid = HOSTCONF_GID_NONE,
		.mode = 0600,
		.handover = c->handover,
	};

	rundir_file(path, c->run_dir, RUNDIR_HOOK_SOCKET);
	c->hook = control_new(c->base, &at);
	if (!c->hook)
		return -ENOMEM;
	/* the watcher runs as the agent's user */
	control_allow(c->hook, geteuid());
	control_add_stream(c->hook, "domain-event", domains_event, c->domains);
	control_add_stream(c->hook, "container-event", containers_event,
			   c->containers);
	control_add_stream(c->hook, "domain-watch", domwatch_start,
			   c->domwatch);
	return 0;
}

static int listen_to_control(struct core *c)
{
	char path[CONSUMER_PATH_MAX];
	const struct listener_at at = {
		.path = path,
		.key = HANDOVER_CONTROL,
		.gid = c->conf->control_gid,
		.mode = 0660,
		.handover = c->handover,
	};

	rundir_file(path, c->run_dir, RUNDIR_CONTROL_SOCKET);
	c->control = control_new(c->base, &at);
	return c->control ? 0 : -ENOMEM;
}

static bool is_member(gid_t gid)
{
	gid_t all[GROUPS_MAX];
	int n;

	if (gid == HOSTCONF_GID_NONE || geteuid() == 0 || getegid() == gid)
		return true;
	n = getgroups(GROUPS_MAX, all);
	if (n < 0)
		return true; /* in more than that: it is seen at the socket */
	while (n > 0)
		if (all[--n] == gid)
			return true;
	return false;
}

/* It is the configuration, and none of the sockets could be made. */
static int check_groups(const struct hostconf *conf)
{
	if (is_member(conf->socket_gid) && is_member(conf->control_gid))
		return 0;
	log_err("%s: cannot give sockets to group %u: be a member of that "
		"(SupplementaryGroups=)",
		is_member(conf->socket_gid) ? "control_group" : "socket_group",
		is_member(conf->socket_gid) ? conf->control_gid
					    : conf->socket_gid);
	return -EPERM;
}

static int enter_run_dir(struct core *c)
{
	int r = rundir_open(&c->rundir, c->run_dir);

	if (*c->rundir.lacks)
		log_err("run_dir: %s", c->rundir.lacks);
	return r;
}

static int listen_to_all(struct core *c)
{
	int r = listen_to_control(c);

	if (r == 0)
		r = roster_apply(c->pub, c->conf, c->run_dir);
	if (r < 0)
		return r;
	domains_load(c->domains);
	/* one that lacks something is mended later, and no reason to end */
	(void)containers_apply(c->containers, c->conf);
	containers_load(c->containers);
	return listen_to_hook(c);
}

int core_listen(struct core *c)
{
	int r = check_groups(c->conf);

	if (r == 0)
		r = enter_run_dir(c);
	if (r < 0)
		return r;
	devset_load(c->devices, c->run_dir, c->state_dir, egd_conn_now_us());
	r = listen_to_all(c);
	if (r < 0)
		log_err("cannot start: %s", strerror(-r));
	else
		handover_settle(c->handover);
	return r;
}

void core_listen_tick(struct core *c)
{
	if (*c->rundir.lacks && ++c->run_dir_ticks % LISTENER_RETRY_S == 0 &&
	    rundir_complete(&c->rundir) == 0)
		log_info("run_dir: %s: has what it lacked", c->run_dir);
	control_tick(c->control);
	control_tick(c->hook);
}
