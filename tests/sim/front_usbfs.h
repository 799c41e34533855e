/*
 * front_usbfs.h - the kernel's usbfs, as far as libusb needs it
 *
 * One struct usbfs per simulated device.  Its node's ioctls arrive through
 * umockdev in a worker thread; the lock covers the device, its model and its
 * openers, and is recursive because umockdev may drop an opener while it is
 * being answered.
 */
#ifndef TESTS_SIM_FRONT_USBFS_H
#define TESTS_SIM_FRONT_USBFS_H

/* <sys/ioctl.h> goes before <linux/usbdevice_fs.h>, which lacks it. */
#include <sys/ioctl.h>

#include <linux/usbdevice_fs.h>
#include <stdbool.h>
#include <stdint.h>
#include <umockdev.h>

#include "tests/sim/model.h"

#define USBFS_INTERFACES 2

struct usbfs_opener;

struct usbfs {
	GRecMutex lock;
	struct model *m;
	bool plugged;
	bool kernel_driver; /* cdc_acm holds both interfaces */
	struct usbfs_opener *openers;
	UMockdevIoctlBase *base;
	GSource *timer; /* in the worker's context, made by the first ioctl */
	void (*on_gone)(struct usbfs *dev); /* the model left by itself */
};

/* 0 or -ENOMEM.  The model stays the caller's. */
int usbfs_init(struct usbfs *dev, struct model *m,
	       void (*on_gone)(struct usbfs *dev));
void usbfs_done(struct usbfs *dev);

/* The hub's part of an arrival: power, address, configuration, cdc_acm. */
void usbfs_arrive(struct usbfs *dev);

/* Openers see their URBs end with -ESHUTDOWN, then ENODEV for ever. */
void usbfs_depart(struct usbfs *dev);

/* What follows is between front_usbfs.c and front_urb.c. */

struct usbfs_urb {
	struct usbfs_urb *next;
	UMockdevIoctlData *data, *buffer; /* struct usbdevfs_urb, its buffer */
	UMockdevIoctlClient *sync;	  /* BULK: who waits for it */
	uint64_t deadline_us;		  /* BULK */
	unsigned long addr;		  /* in the opener's memory */
	uint8_t type, endpoint;
	unsigned int flags;
	uint8_t *bytes;
	size_t len, done;
	bool zero_sent;
	int status; /* -EINPROGRESS until it has ended */
};

struct usbfs_opener {
	struct usbfs_opener *next;
	struct usbfs *dev;
	bool gone;		     /* its device departed */
	unsigned int claimed;	     /* bit per interface */
	struct usbfs_urb *urbs;	     /* in order of submission */
	UMockdevIoctlClient *parked; /* in REAPURB(NDELAY) */
	uint64_t parked_until_us;
	bool reaped; /* the last reap brought something */
};

/* Moves data for all openers; ends what has ended.  Lock held. */
void usbfs_service(struct usbfs *dev);

/* 0 or a positive errno. */
int usbfs_submit(struct usbfs_opener *o, UMockdevIoctlData *arg);
int usbfs_discard(struct usbfs_opener *o, unsigned long addr);
/* BULK ioctl; completes client now or later. */
void usbfs_bulk(struct usbfs_opener *o, UMockdevIoctlClient *client);
int usbfs_control(struct usbfs *dev, const struct model_setup *setup,
		  uint8_t *data, size_t *len);
/* REAPURB and REAPURBNDELAY; completes client now or later. */
void usbfs_reap(struct usbfs_opener *o, UMockdevIoctlClient *client, bool wait);
void usbfs_drop_urbs(struct usbfs_opener *o);
/* Claimed by o, claiming it if it is free as the kernel does; errno or 0. */
int usbfs_check_claim(struct usbfs_opener *o, uint8_t endpoint);

#endif /* TESTS_SIM_FRONT_USBFS_H */
