/*
 * cmd_domain_watch.c - tells the host agent what becomes of libvirt's domains
 *
 * Two connections, each of which may go at any time and is made again by
 * itself: to libvirt, and to the agent.  While both are there it looks: at all
 * domains when one of them is new, now and then, and when the agent found it
 * too early to decide; at those that changed when libvirt says so.  The agent
 * is told "look" and answers before libvirt is asked, so that it knows which of
 * libvirt's hooks spoke later.
 *
 * Nothing is queued: what happens while the agent is away is seen in the look
 * at all that follows.  Nothing is cleaned up at the end, so a signal may end
 * it anywhere.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/notify.h"
#include "ctl/change.h"
#include "ctl/client.h"
#include "ctl/command.h"
#include "ctl/retry.h"
#include "ctl/virt_watch.h"
#include "ctl/watch_line.h"

#define ALIVE_MS      10000 /* the agent closes one that is silent for 60 s */
#define LOOK_MS	      600000
#define AGAIN_MS      5000 /* what the agent takes for too early */
#define AGAIN_MAX_MS  60000
#define RETRY_MS      250
#define RETRY_MAX_MS  30000
#define SHOWN_MAX     300
#define HOOK_PATH_MAX (DOMAIN_RUN_DIR_MAX + 16)

struct watching {
	const struct command_call *call;
	char run_dir[DOMAIN_RUN_DIR_MAX], hook[HOOK_PATH_MAX];
	struct virt_watch *virt;
	int agent;			/* -1: not connected */
	struct retry to_virt, to_agent; /* connections */
	struct retry again;		/* looks that decided not everything */
	uint64_t look_ms, alive_ms;	/* when they are due */
	bool complained; /* of each domain, since libvirt is connected */
	char virt_said[VIRT_WHY_MAX], agent_said[CLIENT_WHY_MAX];
};

/* Each reason once, until it is another or it went well. */
static void say_once(char *said, size_t size, const char *what, const char *why)
{
	if (!strcmp(said, why))
		return;
	snprintf(said, size, "%s", why);
	log_warn("%s: %s: tried again until it works", what, why);
}

static void tell_state(const struct watching *w)
{
	char state[160];

	snprintf(state, sizeof(state), "STATUS=libvirt %s, host agent %s",
		 virt_watch_is_open(w->virt) ? "connected" : "not connected",
		 w->agent >= 0 ? "connected" : "not connected");
	notify_send(state);
}

static void lose_agent(struct watching *w, const char *why)
{
	virt_watch_set_fd(w->virt, -1);
	if (w->agent >= 0)
		close(w->agent);
	w->agent = -1;
	retry_failed(&w->to_agent, retry_now_ms());
	say_once(w->agent_said, sizeof(w->agent_said), "host agent", why);
	tell_state(w);
}

static void reach_agent(struct watching *w)
{
	json_t *request = json_pack("{s:s, s:s}", "cmd", "domain-watch", "uri",
				    virt_watch_uri(w->virt));
	json_t *result = NULL;
	char why[CLIENT_WHY_MAX];

	w->agent = client_start(w->hook, request, why);
	json_decref(request);
	if (w->agent < 0 || client_hear(w->agent, &result, why) < 0) {
		lose_agent(w, why);
		return;
	}
	json_decref(result);
	log_info("host agent: connected");
	virt_watch_set_fd(w->virt, w->agent);
	w->agent_said[0] = '\0';
	retry_well(&w->to_agent);
	w->look_ms = w->alive_ms = 0;
	tell_state(w);
}

static void lose_virt(struct watching *w, const char *why)
{
	virt_watch_close(w->virt);
	retry_failed(&w->to_virt, retry_now_ms());
	say_once(w->virt_said, sizeof(w->virt_said), "libvirt", why);
	w->alive_ms = 0;
	tell_state(w);
}

static void reach_virt(struct watching *w)
{
	char why[VIRT_WHY_MAX];

	if (virt_watch_open(w->virt, why) < 0) {
		lose_virt(w, why);
		return;
	}
	log_info("libvirt: connected to %s", virt_watch_uri(w->virt));
	w->virt_said[0] = '\0';
	w->complained = false;
	retry_well(&w->to_virt);
	w->look_ms = w->alive_ms = 0;
	tell_state(w);
}

/* A line that is built here and said once; NULL: out of memory. */
static int say(struct watching *w, json_t *line, char *why)
{
	int r = -ENOMEM;

	if (line)
		r = client_say(w->agent, line, why);
	else
		snprintf(why, CLIENT_WHY_MAX, "%s", strerror(ENOMEM));
	json_decref(line);
	return r;
}

/* How many domains it is too early to decide about, or -errno with why. */
static int ask(struct watching *w, json_t *line, char *why)
{
	json_t *result = NULL;
	json_int_t later;
	int r = say(w, line, why);

	if (r == 0)
		r = client_hear(w->agent, &result, why);
	later = json_integer_value(json_object_get(result, "later"));
	json_decref(result);
	return r < 0 ? r : later > 0;
}

static void say_alive(struct watching *w)
{
	char why[CLIENT_WHY_MAX];
	json_t *line = json_pack("{s:s, s:b}", "op", "alive", "libvirt",
				 virt_watch_is_open(w->virt));

	w->alive_ms = retry_now_ms() + ALIVE_MS;
	if (say(w, line, why) < 0)
		lose_agent(w, why);
}

struct telling {
	struct watching *w;
	bool aloud; /* what is not understood of a domain is new */
	char why[CLIENT_WHY_MAX]; /* the agent cannot be told */
};

static int tell(void *ctx, const struct virt_seen *seen)
{
	struct telling *t = ctx;
	char shown[SHOWN_MAX];
	struct domain_error why;
	json_t *line = watch_line(seen, t->w->run_dir, &why);

	if (why.text[0] && t->aloud)
		log_warn("domain %s: its XML, line %u: %s: left out",
			 log_escape(shown, sizeof(shown), seen->name,
				    strlen(seen->name)),
			 why.line, why.text);
	return say(t->w, line, t->why);
}

static void plan_next(struct watching *w, bool whole, int later)
{
	uint64_t now_ms = retry_now_ms();

	if (later) {
		retry_failed(&w->again, now_ms);
		if (w->again.due_ms < w->look_ms || whole)
			w->look_ms = w->again.due_ms;
		return;
	}
	if (!whole)
		return;
	retry_well(&w->again);
	w->look_ms = now_ms + LOOK_MS;
}

static void look(struct watching *w, bool whole)
{
	struct telling t = { .w = w, .aloud = !whole || !w->complained };
	char why[VIRT_WHY_MAX] = "";
	int r = ask(w, json_pack("{s:s, s:b}", "op", "look", "whole", whole),
		    t.why);

	if (r < 0) {
		lose_agent(w, t.why);
		return;
	}
	r = whole ? virt_watch_all(w->virt, tell, &t, why)
		  : virt_watch_changes(w->virt, tell, &t, why);
	if (r < 0 && !t.why[0]) {
		/* what was said so far is dropped with the next look */
		lose_virt(w, why);
		return;
	}
	if (r == 0)
		r = ask(w, json_pack("{s:s}", "op", "end"), t.why);
	if (r < 0)
		lose_agent(w, t.why);
	else
		plan_next(w, whole, r);
	w->complained |= whole;
}

static void look_if_due(struct watching *w)
{
	if (w->agent < 0 || !virt_watch_is_open(w->virt))
		return;
	if (virt_watch_has_lost(w->virt) || retry_now_ms() >= w->look_ms)
		look(w, true);
	else if (virt_watch_has_changes(w->virt))
		look(w, false);
}

/* Until the next thing that is due, if nothing comes before. */
static int wait_ms(const struct watching *w)
{
	uint64_t now_ms = retry_now_ms(), until = now_ms + ALIVE_MS;
	bool virt = virt_watch_is_open(w->virt);

	if (w->agent < 0 && w->to_agent.due_ms < until)
		until = w->to_agent.due_ms;
	if (!virt && w->to_virt.due_ms < until)
		until = w->to_virt.due_ms;
	if (w->agent >= 0 && w->alive_ms < until)
		until = w->alive_ms;
	if (w->agent >= 0 && virt && w->look_ms < until)
		until = w->look_ms;
	return until > now_ms ? (int)(until - now_ms) : 0;
}

/* False: it cannot go on. */
static bool step(struct watching *w)
{
	int r;

	if (virt_watch_is_lost(w->virt))
		lose_virt(w, "closed the connection");
	if (!virt_watch_is_open(w->virt) &&
	    retry_is_due(&w->to_virt, retry_now_ms()))
		reach_virt(w);
	if (w->agent < 0 && retry_is_due(&w->to_agent, retry_now_ms()))
		reach_agent(w);
	look_if_due(w);
	if (w->agent >= 0 && retry_now_ms() >= w->alive_ms)
		say_alive(w);
	notify_send("WATCHDOG=1");
	/* it says nothing unasked */
	r = virt_watch_run(w->virt, wait_ms(w));
	if (r > 0 && w->agent >= 0)
		lose_agent(w, "closed the connection");
	return r >= 0;
}

/* Of another host's domains this host's agent is not to hear. */
static bool is_local(const char *uri)
{
	const char *host = strstr(uri, "://");

	return !host || host[3] == '/' || !host[3];
}

static int run(void *ctx)
{
	static struct watching w = {
		.agent = -1,
		.to_virt = { .first_ms = RETRY_MS, .max_ms = RETRY_MAX_MS },
		.to_agent = { .first_ms = RETRY_MS, .max_ms = RETRY_MAX_MS },
		.again = { .first_ms = AGAIN_MS, .max_ms = AGAIN_MAX_MS },
	};
	char why[VIRT_WHY_MAX];

	w.call = ctx;
	if (change_run_dir(w.call, w.run_dir) < 0)
		return EXIT_USAGE;
	snprintf(w.hook, sizeof(w.hook), "%s/hook.sock", w.run_dir);
	w.virt = virt_watch_new(w.call->uri, why);
	if (!w.virt)
		return command_complain(w.call, NULL, why);
	if (!is_local(virt_watch_uri(w.virt)))
		return command_complain(w.call, virt_watch_uri(w.virt),
					"is of another host: watch it there");
	signal(SIGPIPE, SIG_IGN);
	notify_send("READY=1");
	while (step(&w))
		;
	return command_complain(w.call, NULL, "libvirt's loop failed");
}

static const struct opt options[] = {
	COMMAND_OPT_CONNECT,
	COMMAND_OPT_HELP,
	COMMAND_OPT_END,
};

const struct command command_domain_watch = {
	.words = { "domain", "watch" },
	.options = options,
	.usage = PROGRAM " domain watch [--connect URI]",
	.help = "tell the agent what becomes of libvirt's domains; a service",
	.call_size = sizeof(struct command_call),
	.run = run,
};
