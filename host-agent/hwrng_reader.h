/*
 * hwrng_reader.h - the process that reads the kernel's hardware RNG
 *
 * onerng-hostd re-executes itself in this role; RAWMSG_FD is its socket to the
 * core, and its messages are a reader's (rawmsg.h), but for the image, which
 * there is not: READER_CHECKING's text names what the kernel reads.  Unlike a
 * OneRNG's reader it outlives READER_GONE and waits.
 */
#ifndef HOST_AGENT_HWRNG_READER_H
#define HOST_AGENT_HWRNG_READER_H

#include "common/sandbox.h"

/* Owns the node at path.  The return value is the exit status. */
int hwrng_reader_main(const char *path, enum sandbox_mode sandbox);

#endif /* HOST_AGENT_HWRNG_READER_H */
