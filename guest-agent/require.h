/*
 * require.h - admission, for --require alone
 *
 * The loop and the rounds tell what they see; require_step() decides.  Before
 * require_start() all of this is without effect.
 */
#ifndef GUEST_REQUIRE_H
#define GUEST_REQUIRE_H

#include <stdbool.h>
#include <stdint.h>

struct agent;

/* The time that is given starts now. */
void require_start(struct agent *a, int64_t now_ms);

/* The source failed with -errno before the bytes had come. */
void require_note_failure(struct agent *a, int err);

/* Bytes came: there is a device, and it is the right one. */
void require_note_bytes(struct agent *a);

/* The window was verified, and fed unless that is not wanted. */
void require_note_verified(struct agent *a);

/* True while only the kernel's RNG is waited for. */
bool require_waits_for_kernel(const struct agent *a);

/* Ends the agent once it is admitted or the time is over. */
void require_step(struct agent *a, int64_t now_ms);

#endif /* GUEST_REQUIRE_H */
