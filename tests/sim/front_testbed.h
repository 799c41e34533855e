/*
 * front_testbed.h - devices on a simulated hub, as sysfs and udev show them
 */
#ifndef TESTS_SIM_FRONT_TESTBED_H
#define TESTS_SIM_FRONT_TESTBED_H

#include <umockdev.h>

#define HUB_ADDRESS 1 /* of the root hub; devices follow */

struct testbed_device {
	unsigned int port;    /* 1.. on bus 1 */
	unsigned int address; /* 0: not plugged in */
	char *syspath;	      /* while plugged in */
};

/* The bus and its root hub.  0 or -errno; *why is set to static text. */
int testbed_add_hub(UMockdevTestbed *bed, const char **why);

/*
 * An arrival at an address that was not in use before: node (with its ioctls),
 * sysfs, "add" event.  0 or -errno.
 */
int testbed_plug(UMockdevTestbed *bed, struct testbed_device *d,
		 unsigned int address, UMockdevIoctlBase *ioctls);

/* A departure: "remove" event, then sysfs and node are gone. */
void testbed_unplug(UMockdevTestbed *bed, struct testbed_device *d);

/*
 * umockdev names the socket of a process that listens for udev events after
 * its descriptor number, so a second process with the same number would take
 * the first one's events away.  testbed_watch() returns an inotify descriptor
 * or -errno; when it is readable, testbed_keep_listeners() gives the new
 * sockets names of their own, which umockdev finds as well.
 */
int testbed_watch(UMockdevTestbed *bed);
void testbed_keep_listeners(UMockdevTestbed *bed, int watch);

#endif /* TESTS_SIM_FRONT_TESTBED_H */
