/*
 * faultlab.h - what the production path makes of a faulty source
 *
 * A fresh sampler with a pool of its own gets two start-up tests of samples
 * from getrandom(2), then the fault; nothing of it reaches what is served.
 * Takes about a tenth of a second.
 */
#ifndef HOST_AGENT_FAULTLAB_H
#define HOST_AGENT_FAULTLAB_H

#include <stdbool.h>
#include <stdint.h>

#include "host-agent/sampler.h"

#define FAULTLAB_SAMPLES (1u << 20) /* of the fault; then it is undetected */
#define FAULTLAB_BEFORE	 (2 * SAMPLER_STARTUP)

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

/*
 * 0; -EINVAL: no such fault, or conf has no cutoffs; -EIO: no random bytes, or
 * libcrypto; -errno of memory that cannot be locked.
 */
int faultlab_run(const char *fault, const struct sampler_conf *conf,
		 struct faultlab_result *out);

#endif /* HOST_AGENT_FAULTLAB_H */
