/* A running container's share of attach and detach. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/replace.h"
#include "ctl/answer.h"
#include "ctl/container_device.h"
#include "ctl/hold.h"
#include "ctl/live.h"

#define FACTS_MS 2000 /* an agent that was just told has so long */
#define STEP_MS	 50

/* Is what was generated what is to be there now? */
static bool is_same(const struct container *c)
{
	char *text = container_snippet_text(&c->snippet);
	bool same = text && !strcmp(text, c->generated);

	free(text);
	return same;
}

/* What ran before, if it is not what is to run: gone, with its rule. */
static enum live_result leave(struct container *c,
			      char old_rule[static LIVE_RULE_MAX],
			      char why[static LXCAPI_WHY_MAX])
{
	struct container_snippet old;
	struct lxc_words w;

	old_rule[0] = '\0';
	if (!c->generated || container_snippet_parse(c->generated, &old) < 0)
		return LIVE_RIGHT;
	container_device_rule(&old, old_rule);
	if (is_same(c))
		return LIVE_RIGHT;
	live_words(&old, &w);
	return live_detach(&c->handle, &w, old_rule, why);
}

/* Under the number that the device has at the moment; old: of another one. */
static enum live_result put(struct container *c, char old[static LIVE_RULE_MAX],
			    char why[static LXCAPI_WHY_MAX])
{
	char rule[LIVE_RULE_MAX];
	enum live_result r;
	struct lxc_words w;

	container_device_look(&c->snippet, c->host);
	container_device_rule(&c->snippet, rule);
	live_words(&c->snippet, &w);
	r = live_attach(&c->handle, &w, old, rule, why);
	memcpy(old, rule, sizeof(rule));
	return r;
}

/* What was generated, with a number that was not known then. */
static enum live_result note_number(struct container *c, enum live_result r,
				    const char *written,
				    char why[static LXCAPI_WHY_MAX])
{
	char *text = container_snippet_text(&c->snippet), path[PATH_MAX];
	int err = text && written ? 0 : -ENOMEM;

	if (err == 0 && strcmp(text, written) != 0 &&
	    container_generated_path(c->host, c->id, path))
		err = replace_file(path, written, text, 0644);
	free(text);
	/* what onerngctl container refresh wrote meanwhile is the same */
	if (err == 0 || err == -EAGAIN || r == LIVE_FAILED)
		return r;
	snprintf(why, LXCAPI_WHY_MAX, "its rule is not written down: %s",
		 strerror(-err));
	return LIVE_FAILED;
}

static enum live_result join(struct container *c,
			     char why[static LXCAPI_WHY_MAX])
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000 };
	char rule[LIVE_RULE_MAX],
		*written = container_snippet_text(&c->snippet);
	enum live_result r = leave(c, rule, why);
	struct lxc_words w;
	int waited = 0;

	if (r != LIVE_FAILED && r != LIVE_STOPPED) {
		live_words(&c->snippet, &w);
		live_tell(&c->handle, &w);
		r = put(c, rule, why);
		while (r == LIVE_NONE && waited < FACTS_MS) {
			nanosleep(&step, NULL);
			waited += STEP_MS;
			r = put(c, rule, why);
		}
		r = note_number(c, r, written, why);
	}
	free(written);
	return r;
}

static int say(const struct container *c, bool attach, enum live_result r,
	       const char *why)
{
	const struct command_call *call = c->host->call;
	char text[LXCAPI_WHY_MAX + 64];

	if (r != LIVE_FAILED && r != LIVE_STOPPED)
		answer_set(call, "live", json_boolean(r == LIVE_CHANGED));
	switch (r) {
	case LIVE_RIGHT:
		answer_line(call, "%s: running container: nothing to do",
			    c->shown);
		return 0;
	case LIVE_CHANGED:
		answer_changed(call);
		answer_line(call, "%s: running container: %s", c->shown,
			    attach ? "attached" : "detached");
		return 0;
	case LIVE_NONE:
		answer_note(call, "%s: running container: no device yet: %s",
			    c->shown, why);
		return 0;
	case LIVE_FAILED:
		snprintf(text, sizeof(text), "running container: %s", why);
		return container_complain(c, text);
	default:
		return 0;
	}
}

static enum live_result part(struct container *c,
			     char why[static LXCAPI_WHY_MAX])
{
	char rule[LIVE_RULE_MAX];
	struct lxc_words w;

	container_device_rule(&c->snippet, rule);
	live_words(&c->snippet, &w);
	return live_detach(&c->handle, &w, rule, why);
}

int container_live(struct container *c, bool attach)
{
	char why[LXCAPI_WHY_MAX] = "";
	const char *held = "";
	enum live_result r = LIVE_FAILED;
	int hold;

	if (!c->handle.handle || lxcapi_state(&c->handle) == LXCAPI_STOPPED)
		return 0;
	hold = hold_take(c->host, c->id, &held);
	if (hold == -EBUSY)
		snprintf(why, sizeof(why), "%s", held);
	else
		r = attach ? join(c, why) : part(c, why);
	if (hold >= 0)
		close(hold);
	return say(c, attach, r, why);
}
