/*
 * live.h - a container that runs: its device, and the rule that permits it
 *
 * Everything here is done again without harm, and does nothing where all is as
 * it should be.
 */
#ifndef CTL_LIVE_H
#define CTL_LIVE_H

#include "ctl/lxcapi.h"
#include "lxc/container_snippet.h"
#include "lxc/device.h"

#define LIVE_RULE_MAX 32 /* of a device rule such as "c 136:* rw" */

enum live_result {
	LIVE_STOPPED, /* it does not run, or ends */
	LIVE_RIGHT,   /* nothing had to be done */
	LIVE_CHANGED,
	LIVE_NONE, /* there is no device at the moment, and it has none */
	LIVE_FAILED
};

/* As a word: "stopped", "unchanged", "changed", "none", "failed". */
const char *live_word(enum live_result result);

/* What LXC's hook is told of it, by the lines that are generated. */
void live_words(const struct container_snippet *s, struct lxc_words *w);

/*
 * The agent is told that it runs, which lets a device go that is passed
 * through to it.  Nothing if it does not.
 */
void live_tell(struct lxcapi_container *c, const struct lxc_words *w);

/*
 * Gives it the device that the words say, under a rule that permits that one;
 * old is a rule that permitted another one before, "" if there was none.  rule
 * "": nothing is to be permitted.  A container that is being started is waited
 * for, a few seconds at most.  why of LIVE_NONE and LIVE_FAILED.
 */
enum live_result live_attach(struct lxcapi_container *c, struct lxc_words *w,
			     const char *old, const char *rule,
			     char why[static LXCAPI_WHY_MAX]);

/*
 * Takes it away, and the rule, unless that is for ptys: terminals of the
 * container's own come under it.
 */
enum live_result live_detach(struct lxcapi_container *c,
			     const struct lxc_words *w, const char *rule,
			     char why[static LXCAPI_WHY_MAX]);

#endif /* CTL_LIVE_H */
