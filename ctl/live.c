#include "ctl/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/container_tell.h"

#define START_MS  3000
#define STEP_MS	  20
#define PTY_RULE  "c 136:"
#define V1_ALL	  "a *:* rwm" /* what the list of a free container is */
#define V2_PREFIX "lxc.cgroup2.devices."

const char *live_word(enum live_result result)
{
	static const char *const words[] = {
		[LIVE_STOPPED] = "stopped", [LIVE_RIGHT] = "unchanged",
		[LIVE_CHANGED] = "changed", [LIVE_NONE] = "none",
		[LIVE_FAILED] = "failed",
	};

	return words[result];
}

void live_words(const struct container_snippet *s, struct lxc_words *w)
{
	unsigned int i;
	int device = lxc_device_parse(container_device_name(s->device),
				      strlen(container_device_name(s->device)));

	lxc_words_init(w);
	snprintf(w->id, sizeof(w->id), "%s", s->id);
	w->has_device = true;
	w->device = device < 0 ? LXC_DEVICE_NONE : (enum lxc_device)device;
	if (s->device == CONTAINER_PASSTHROUGH && *s->place == '/')
		snprintf(w->path, sizeof(w->path), "%s", s->place);
	for (i = 0; i < s->names && i < LXC_NAMES_MAX; i++)
		snprintf(w->name[i], LXC_NAME_MAX, "%s", s->name[i]);
	w->names = i ? i : 1;
	w->inside.uid = s->owner;
	w->inside.gid = s->group;
	w->inside.mode = s->mode;
	w->require = s->require;
	w->socket = s->socket;
	if (*s->run_dir)
		snprintf(w->run_dir, sizeof(w->run_dir), "%.95s", s->run_dir);
}

/*
 * One that starts has no root of its own yet, and is told of no device that it
 * did not see.
 */
static bool runs(struct lxcapi_container *c)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000 };
	enum lxcapi_state state = lxcapi_state(c);
	int waited = 0;

	while (state == LXCAPI_STARTING && waited < START_MS) {
		nanosleep(&step, NULL);
		waited += STEP_MS;
		state = lxcapi_state(c);
	}
	return state == LXCAPI_RUNNING;
}

/* Is there such a line in list, or, not exact, one with more rights? */
static bool has_rule(const char *list, const char *rule, bool exact)
{
	const char *line = list, *end;
	size_t len = strlen(rule), line_len;

	for (; *line; line = *end ? end + 1 : end) {
		end = line + strcspn(line, "\n");
		line_len = (size_t)(end - line);
		if ((exact ? line_len == len : line_len >= len) &&
		    !memcmp(line, rule, len))
			return true;
	}
	return false;
}

static bool has_items(struct lxcapi_container *c, const char *key)
{
	char *text = lxcapi_item(c, key, true);
	bool has = text && *text;

	free(text);
	return has;
}

/*
 * Must a device be permitted at all?  The first rule that is set would shut a
 * container without rules out of every other device.  Of v2 (no list), what is
 * permitted cannot be read, only what the container was started with.
 */
static bool needs_rule(struct lxcapi_container *c, const char *list,
		       const char *rule)
{
	if (list)
		return !has_rule(list, V1_ALL, true) &&
		       !has_rule(list, rule, false);
	return has_items(c, V2_PREFIX "allow") ||
	       has_items(c, V2_PREFIX "deny");
}

/* 1: one more is permitted; 0: nothing changed that is known of; -EIO. */
static int permit(struct lxcapi_container *c, const char *rule,
		  char why[static LXCAPI_WHY_MAX])
{
	char *list = lxcapi_cgroup(c, "devices.list");
	int r = 0;

	if (*rule && needs_rule(c, list, rule)) {
		r = lxcapi_set_cgroup(c, "devices.allow", rule, why);
		if (r == 0 && list)
			r = 1;
	}
	free(list);
	return r;
}

/* Terminals of the container's own come under the rule for ptys. */
static bool may_forbid(const char *rule)
{
	return *rule && strncmp(rule, PTY_RULE, strlen(PTY_RULE)) != 0;
}

/* A wider rule is not ours. */
static int forbid(struct lxcapi_container *c, const char *rule,
		  char why[static LXCAPI_WHY_MAX])
{
	char *list = lxcapi_cgroup(c, "devices.list");
	bool has = list ? has_rule(list, rule, true)
			: needs_rule(c, NULL, rule);
	int r = 0;

	if (may_forbid(rule) && has) {
		r = lxcapi_set_cgroup(c, "devices.deny", rule, why);
		if (r == 0 && list)
			r = 1;
	}
	free(list);
	return r;
}

/* 0; LIVE_STOPPED or LIVE_FAILED. */
static int find_init(struct lxcapi_container *c, struct lxc_init *init,
		     enum live_result *result, char why[static LXCAPI_WHY_MAX])
{
	if (!runs(c)) {
		*result = LIVE_STOPPED;
		return -ESRCH;
	}
	init->pidfd = lxcapi_init(c, &init->pid, why);
	if (init->pidfd >= 0)
		return 0;
	*result = init->pidfd == -ESRCH ? LIVE_STOPPED : LIVE_FAILED;
	return init->pidfd;
}

void live_tell(struct lxcapi_container *c, const struct lxc_words *w)
{
	char ignored[LXCAPI_WHY_MAX];
	enum live_result result;
	struct lxc_init init;

	if (find_init(c, &init, &result, ignored) < 0)
		return;
	container_tell_running(w->run_dir, w->id, init.pid);
	close(init.pidfd);
}

static enum live_result result_of(const struct lxc_init *init, int r,
				  const char *reason,
				  char why[static LXCAPI_WHY_MAX])
{
	bool alive = lxc_inject_alive(init) == 0;

	close(init->pidfd);
	if (r >= 0)
		return r ? LIVE_CHANGED : LIVE_RIGHT;
	if (!alive)
		return LIVE_STOPPED;
	if (reason)
		snprintf(why, LXCAPI_WHY_MAX, "%s", reason);
	return r == -ENOENT ? LIVE_NONE : LIVE_FAILED;
}

enum live_result live_attach(struct lxcapi_container *c, struct lxc_words *w,
			     const char *old, const char *rule,
			     char why[static LXCAPI_WHY_MAX])
{
	char reason[LXC_WHY_MAX] = "";
	enum live_result result;
	struct lxc_init init;
	int rules = 0, r;

	if (find_init(c, &init, &result, why) < 0)
		return result;
	if (strcmp(old, rule) != 0)
		rules = forbid(c, old, why);
	if (rules >= 0) {
		r = permit(c, rule, why);
		rules = r < 0 ? r : rules | r;
	}
	if (rules < 0)
		return result_of(&init, rules, NULL, why);
	r = lxc_device_into(w, &init, reason);
	return result_of(&init, r < 0 ? r : rules | r, reason, why);
}

enum live_result live_detach(struct lxcapi_container *c,
			     const struct lxc_words *w, const char *rule,
			     char why[static LXCAPI_WHY_MAX])
{
	char reason[LXC_WHY_MAX] = "";
	enum live_result result;
	struct lxc_init init;
	int rules, r;

	if (find_init(c, &init, &result, why) < 0)
		return result;
	r = lxc_device_out(w, &init, reason);
	rules = forbid(c, rule, why);
	if (r >= 0 && rules < 0)
		return result_of(&init, rules, NULL, why);
	return result_of(&init, r < 0 ? r : rules | r, reason, why);
}
