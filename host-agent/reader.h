/*
 * reader.h - the processes that know libusb
 *
 * onerng-hostd re-executes itself in these roles; RAWMSG_FD is their socket to
 * the core.  They end when it closes.  The return value is the exit status.
 */
#ifndef HOST_AGENT_READER_H
#define HOST_AGENT_READER_H

#include "common/sandbox.h"

/* Owns the device at this port path, from open to departure. */
int reader_main(const char *port, enum sandbox_mode sandbox);

/* Reports arrivals and departures of every OneRNG; opens none. */
int watcher_main(enum sandbox_mode sandbox);

#endif /* HOST_AGENT_READER_H */
