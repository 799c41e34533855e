/*
 * baselines.h - what the raw noise of boards was like when they were learnt
 *
 * A drift is told from the board's own past, so that has to outlive the
 * process, the arrival and the boot: it is in STATE_DIR/baselines.json from
 * the moment it is learnt.  An entry is of one unit, wherever that is plugged
 * in, and never changes: it is forgotten only when the operator says so, or for
 * a new one when BASELINES_MAX others were there since.
 */
#ifndef HOST_AGENT_BASELINES_H
#define HOST_AGENT_BASELINES_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "host-agent/trend.h"

#define BASELINES_MAX	   32
#define BASELINES_UNIT_MAX 17  /* 16 hex digits, terminated */
#define BASELINES_DIR_MAX  128 /* terminated */
#define BASELINES_WHY_MAX  256
#define BASELINES_FILE_MAX 16384

struct baselines_entry {
	char unit[BASELINES_UNIT_MAX];
	struct trend_baseline base;
};

struct baselines {
	char dir[BASELINES_DIR_MAX];		       /* "": none */
	struct baselines_entry entries[BASELINES_MAX]; /* last seen, last */
	size_t count;
	char lacks[BASELINES_WHY_MAX]; /* why it is not saved; "": it is */
};

/* What was left in state_dir, where it is kept from now on. */
void baselines_load(struct baselines *b, const char *state_dir);

/* False: nothing is known of that unit, or it is "". */
bool baselines_recall(const struct baselines *b, const char *unit,
		      struct trend_baseline *out);

/*
 * The unit is there, with a baseline whose windows are learnt: what is not
 * known of it is added, and saved.  Nothing for "".
 */
void baselines_note(struct baselines *b, const char *unit,
		    const struct trend_baseline *base);
void baselines_forget(struct baselines *b, const char *unit);

/* What could not be saved, again.  0 or -errno. */
int baselines_save(struct baselines *b);

/* As in the file, a new reference, or NULL; and back: how many were dropped. */
json_t *baselines_json(const struct baselines *b);
size_t baselines_parse(struct baselines *b, const json_t *o);

#endif /* HOST_AGENT_BASELINES_H */
