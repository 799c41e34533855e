/*
 * letgo.h - devices let go: by hand, or for a domain that has one passed through
 *
 * Who asked is answered once the reader has given the device back, or
 * LETGO_WAIT_MS later, when the reader was killed.  A device stays let go until
 * it is claimed, over arrivals and restarts of the agent.
 */
#ifndef HOST_AGENT_LETGO_H
#define HOST_AGENT_LETGO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "host-agent/consumer.h"
#include "host-agent/device.h"
#include "host-agent/devset.h"
#include "host-agent/passed.h"

#define LETGO_WAIT_MS	  700 /* within the second that the hook has */
#define LETGO_WAITERS_MAX 64

struct event_base;
struct letgo;

struct letgo_entry {
	char port[LABEL_PLACE_MAX];
	char by[DEVICE_BY_MAX];
	char uuid[CONSUMER_UUID_MAX]; /* whose it is; "": by hand */
	bool of_domain;
	bool begun; /* ... which was told to start, not to prepare alone */
	uint64_t asked_us; /* last */
};

/*
 * changed() is called when what is let go has changed, not by letgo_restore().
 * NULL and errno.
 */
struct letgo *letgo_new(struct event_base *base, struct devset *devices,
			void (*changed)(void *ctx), void *ctx);
void letgo_free(struct letgo *l); /* NULL is fine */

/*
 * The device that usb means, if it is a OneRNG of ours, for a domain that
 * starts.  True: it was not free yet, letgo_answer() waits for it.
 */
bool letgo_for_domain(struct letgo *l, const char *uuid, const char *name,
		      const struct passed *usb);
/*
 * The same for a container, of which uuid is the key: the OneRNG at that port,
 * there or not, or the first one that is there ("").  Nothing if it has one.
 */
void letgo_for_container(struct letgo *l, const char *uuid, const char *id,
			 const char *port);
/* The domain starts or runs: it has what was let go for it. */
void letgo_begun(struct letgo *l, const char *uuid);
/* When it last gave up what it had; 0: it had nothing, or long ago. */
uint64_t letgo_ended_us(const struct letgo *l, const char *uuid);
/* The port of what that domain or container has, or NULL. */
const char *letgo_port_of(const struct letgo *l, const char *uuid);
/* The domain is no more: what it had is taken back. */
void letgo_end_domain(struct letgo *l, const char *uuid);
/* Entry i is taken back; the last one moves to its place. */
void letgo_end(struct letgo *l, size_t i);

/* Answers {"ok":true,"result":{}} on fd and closes it once all is let go. */
void letgo_answer(struct letgo *l, int fd);

/*
 * Commands for root: {"device":NAME}; a claim has "force":true for what a
 * domain or container has, "new_baseline":true for a source that is also, or
 * only, to be known by its present noise.  A control_stream_fn and a
 * _command_fn.
 */
int letgo_release(void *letgo, int fd, const json_t *request, char *why);
json_t *letgo_claim(void *letgo, const json_t *request, char *why);

/* A child ended: somebody may have waited for that. */
void letgo_settle(struct letgo *l);

/* What is let go; and again, after another process or after devset_abandon() */
size_t letgo_count(const struct letgo *l);
const struct letgo_entry *letgo_entry(const struct letgo *l, size_t i);
void letgo_restore(struct letgo *l, const struct letgo_entry *e);
void letgo_apply(struct letgo *l);

#endif /* HOST_AGENT_LETGO_H */
