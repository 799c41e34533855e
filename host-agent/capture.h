/*
 * capture.h - raw samples of one device to root, instead of to consumers
 *
 * For an assessment by SP 800-90B's tools: consecutive samples as the health
 * tests see them.  They are diverted behind the quarantine and never
 * conditioned, so no byte both leaves here and is served.  One at a time.
 *
 * Answers {"cmd":"capture","bytes":N,"device":NAME} (the device may be left out
 * where there is one) with a reply that describes the device; then frames of a
 * length (two bytes, the higher one first) and as many samples; a length of 0
 * and a second reply end it: the device once more, or why it ended early.
 */
#ifndef HOST_AGENT_CAPTURE_H
#define HOST_AGENT_CAPTURE_H

#include <stdbool.h>

#include <jansson.h>

#define CAPTURE_MAX	(64u << 20) /* bytes: 20 minutes of a OneRNG */
#define CAPTURE_QUIET_S 30	    /* no sample, or nothing read: it ends */

struct capture;
struct devset;
struct event_base;

/* base and devices must outlive it.  NULL and errno. */
struct capture *capture_new(struct event_base *base, struct devset *devices);
void capture_free(struct capture *c); /* wipes; NULL is fine */

/* The one under way ends at once: wipes. */
void capture_drop(struct capture *c);
bool capture_is_active(const struct capture *c);

/* A control_stream_fn; capture is a struct capture. */
int capture_start(void *capture, int fd, const json_t *request, char *why);

#endif /* HOST_AGENT_CAPTURE_H */
