/*
 * selftest.h - "selftest" on the control socket: the on-demand test of
 * SP 800-90B 4.3, and the same path with a fault injected
 *
 * {"cmd":"selftest","device":"onerng0"}  starts the start-up test again, of
 *   the device of that name or port, or of all; status tells how it ends
 * {"cmd":"selftest","inject":"bias-0.6"} answers with what detected it
 */
#ifndef HOST_AGENT_SELFTEST_H
#define HOST_AGENT_SELFTEST_H

#include <jansson.h>

/* A control_command_fn; ctx is a struct status. */
json_t *selftest_answer(void *ctx, const json_t *request, char *why);

#endif /* HOST_AGENT_SELFTEST_H */
