/*
 * hwrng_pump.h - a thread that waits for the kernel's hardware RNG
 *
 * A read may wait for ever behind the kernel's own reader, and no open flag
 * helps: virtio-rng before Linux 5.10.47 never answers a non-blocking read,
 * and what holds the RNG's lock is waited for in any case.  So a thread reads,
 * one job at a time, and the process keeps the clock.  Between pump_start()
 * and pump_take() everything but done_fd belongs to the thread.
 */
#ifndef HOST_AGENT_HWRNG_PUMP_H
#define HOST_AGENT_HWRNG_PUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-agent/hwrng_node.h"
#include "host-agent/rawmsg.h"

/* In secmem: it holds samples. */
struct hwrng_pump {
	struct hwrng_node node;
	int ask_fd, done_fd; /* done_fd is readable when a job is */
	bool busy;
	size_t want; /* bytes; 0: only look what is behind it */
	int got;     /* bytes, or -errno */
	int seen;    /* as hwrng_node_current(), after the read */
	char name[HWRNG_NAME_MAX];
	uint8_t buf[RAWMSG_SAMPLES_MAX];
};

/* NULL and errno.  Never freed while busy: the process ends instead. */
struct hwrng_pump *hwrng_pump_new(void);
void hwrng_pump_free(struct hwrng_pump *p);

/* want <= RAWMSG_SAMPLES_MAX; not while busy. */
void hwrng_pump_start(struct hwrng_pump *p, size_t want);

/* done_fd was readable: the job's outcome may be looked at. */
void hwrng_pump_take(struct hwrng_pump *p);

#endif /* HOST_AGENT_HWRNG_PUMP_H */
