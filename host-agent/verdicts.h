/*
 * verdicts.h - what the health tests said of devices, over restarts
 *
 * A failure is never cleared by more data, nor by another process: what counts
 * against a device is in RUN_DIR/failures.json from the moment it fails, so an
 * exec, a crash, a kill and a restart all find it there.  An entry is of one
 * arrival: the place, and the instance that the kernel gave the device there.
 * Times of failures are monotonic, so those of another boot show as such.
 */
#ifndef HOST_AGENT_VERDICTS_H
#define HOST_AGENT_VERDICTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "host-agent/consumer.h"
#include "host-agent/failures.h"
#include "host-agent/label.h"

#define VERDICTS_MAX	  32
#define VERDICTS_WHY_MAX  64 /* terminated */
#define VERDICTS_FILE_MAX 65536

/* Of one device.  All zero: nothing. */
struct verdict {
	struct failures failures;
	bool final;		    /* it stays failed */
	char why[VERDICTS_WHY_MAX]; /* "TEST failed for good" */
	int64_t at_s;		    /* when it became final, since 1970 */
	bool before;		    /* by the process before this one */
};

struct verdicts_entry {
	char place[LABEL_PLACE_MAX];
	uint64_t instance; /* 0: not known, which is anyone */
	struct verdict verdict;
};

struct verdicts {
	char path[CONSUMER_PATH_MAX], new[CONSUMER_PATH_MAX]; /* "": none */
	struct verdicts_entry entries[VERDICTS_MAX];
	size_t count;
	bool unsaved;
};

/* What the process before left in run_dir, where it is kept from now on. */
void verdicts_load(struct verdicts *v, const char *run_dir, uint64_t now_us);

/*
 * Of the device that is there now; an entry of another one that was there is
 * dropped.  False: nothing is known.
 */
bool verdicts_recall(struct verdicts *v, const char *place, uint64_t instance,
		     struct verdict *out);

/* Replaces what is known of that place, and saves it. */
void verdicts_note(struct verdicts *v, const char *place, uint64_t instance,
		   const struct verdict *verdict);
void verdicts_forget(struct verdicts *v, const char *place);

/* What could not be saved, again.  0 or -errno. */
int verdicts_save(struct verdicts *v);

/* As in the file, a new reference, or NULL; and back: how many were dropped. */
json_t *verdicts_json(const struct verdicts *v);
size_t verdicts_parse(struct verdicts *v, const json_t *o, uint64_t now_us);

#endif /* HOST_AGENT_VERDICTS_H */
