/*
 * rights.h - what the agent needs, and what it gave up: proven before it works
 *
 * An agent that runs without effect, or without the walls that it is believed
 * to have, is worse than none.  Each function here returns 0, or -errno after
 * it has logged what is missing and what to do about it, written it into the
 * status and ended the agent (a->exit), with AGENT_NO_RIGHTS where it is one.
 */
#ifndef GUEST_RIGHTS_H
#define GUEST_RIGHTS_H

struct agent;

/* Memory reaches no core and no other process.  Children inherit it. */
int rights_forbid_dumps(struct agent *a);

/* Starts the feeder: what it needs and what it keeps is its hello's word. */
int rights_start_feeder(struct agent *a);

/* err: of memory that had to be locked. */
int rights_no_memory(struct agent *a, int err);

/* Of this process, behind all that needs more: the last step. */
int rights_give_up(struct agent *a);

/* A feed was refused with err all the same: what was permitted is not now. */
int rights_feed_refused(struct agent *a, int err);

#endif /* GUEST_RIGHTS_H */
