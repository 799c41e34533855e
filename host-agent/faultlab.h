/*
 * faultlab.h - what the production path makes of a faulty source
 *
 * A fresh sampler with a pool of its own gets two start-up tests of samples
 * from getrandom(2), then the fault; nothing of it reaches what is served.
 * Takes some tenths of a second, so it is done in steps.
 */
#ifndef HOST_AGENT_FAULTLAB_H
#define HOST_AGENT_FAULTLAB_H

#include <stdbool.h>
#include <stdint.h>

#include "host-agent/sampler.h"

#define FAULTLAB_SAMPLES (1u << 20) /* of the fault; then it is undetected */
#define FAULTLAB_BEFORE	 (2 * SAMPLER_STARTUP)
#define FAULTLAB_SLICE	 4096 /* samples of a step */

/* All that faultlab_run() knows, for people; P in 0..1, N in 1..1048576. */
#define FAULTLAB_FAULTS                                                     \
	"none, zeros, ones, aa, aa55, counter, top-bit, low-bit, nibble, "  \
	"bias-P, serial-P, period-N, repeat-N (of 64 bytes, one packet in " \
	"N), zero-N (likewise), text, lfsr-16, lfsr-32"

struct faultlab_result {
	bool detected;
	unsigned int test; /* enum health_test, enum sampler_test */
	uint64_t after;	   /* samples of the fault, the failing one too */
	uint64_t passed;   /* of those, in windows before the failing one */
	uint64_t released; /* bytes of the failing window; 0 or a bug */
	bool permanent;
};

struct faultlab;

/*
 * NULL and errno.  EINVAL: no such fault, or conf has no cutoffs; else memory
 * that cannot be locked, or EIO: no random bytes.
 */
struct faultlab *faultlab_new(const char *fault,
			      const struct sampler_conf *conf);
void faultlab_free(struct faultlab *l); /* NULL is fine */

/* 1: there is more to do; 0: done; -EIO: no random bytes, or libcrypto. */
int faultlab_step(struct faultlab *l);
/* Once it is done. */
void faultlab_result(const struct faultlab *l, struct faultlab_result *out);

/* All of it at once.  0 or -errno. */
int faultlab_run(const char *fault, const struct sampler_conf *conf,
		 struct faultlab_result *out);

#endif /* HOST_AGENT_FAULTLAB_H */
