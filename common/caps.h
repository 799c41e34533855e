/*
 * caps.h - capabilities: give them up, and see what is left
 *
 * Of the calling thread: call it before others are started.  libc only.
 */
#ifndef COMMON_CAPS_H
#define COMMON_CAPS_H

#include <stdint.h>

#define CAPS_NONE 0

/*
 * Sets no_new_privs, empties the inheritable and ambient sets, and keeps of
 * the permitted and effective ones what is in keep (bits 1 << CAP_*).  What
 * the bounding set still allows cannot be had any more.  0 or -errno.
 */
int caps_limit(uint64_t keep);

/* Likewise, then reads back what is left; -EPERM: others than keep, too. */
int caps_limit_proven(uint64_t keep);

/* Permitted, effective, inheritable and ambient ones, in one mask.
 * 0 or -errno.
 */
int caps_left(uint64_t *left);

#endif /* COMMON_CAPS_H */
