/*
 * selftest.h - "selftest" on the control socket: the on-demand test of
 * SP 800-90B 4.3, and the same path with a fault injected
 *
 * {"cmd":"selftest","device":"onerng0"}  starts the start-up test again, of
 *   the device of that name or port, or of all; status tells how it ends
 * {"cmd":"selftest","inject":"bias-0.6"} answers with what detected it.  That
 *   takes some tenths of a second of processor time: it is done in steps, with
 *   turns of everybody else between them, one at a time.
 */
#ifndef HOST_AGENT_SELFTEST_H
#define HOST_AGENT_SELFTEST_H

#include <jansson.h>

struct event_base;
struct selftest;
struct status;

/* Both must outlive it.  NULL and errno. */
struct selftest *selftest_new(struct event_base *base, const struct status *s);
void selftest_free(struct selftest *t); /* NULL is fine */

/* A control_stream_fn; selftest is a struct selftest. */
int selftest_answer(void *selftest, int fd, const json_t *request, char *why);

#endif /* HOST_AGENT_SELFTEST_H */
