/*
 * reader.h - the processes that know libusb
 *
 * onerng-hostd re-executes itself in these roles; RAWMSG_FD is their socket to
 * the core.  They end when it closes.  The return value is the exit status.
 */
#ifndef HOST_AGENT_READER_H
#define HOST_AGENT_READER_H

/* Owns the device at this port path, from open to departure. */
int reader_main(const char *port);

/* Reports arrivals and departures of every OneRNG; opens none. */
int watcher_main(void);

#endif /* HOST_AGENT_READER_H */
