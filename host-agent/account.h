/*
 * account.h - a consumer's counters, kept for the next process
 *
 * As status shows them; what a process was killed amid may lack.  A consumer
 * that nobody left an account of begins one.  No entropy.
 */
#ifndef HOST_AGENT_ACCOUNT_H
#define HOST_AGENT_ACCOUNT_H

struct consumer;
struct handover;
struct handover_record;

/*
 * Goes on with what the process before counted under r's key and keeps it in r
 * from now on.  r may be NULL: counts begin, and end with this process.
 */
void account_begin(struct consumer *c, struct handover *h,
		   struct handover_record *r);

/* Its connection goes on, too: that is not one more. */
void account_goes_on(struct consumer *c);

/* After anything was counted. */
void account_save(const struct consumer *c);

#endif /* HOST_AGENT_ACCOUNT_H */
