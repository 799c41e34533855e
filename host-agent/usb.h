/*
 * usb.h - one OneRNG through libusb-1.0; the only user of it beside watcher.c
 *
 * Addressed by port path: every unit has the same serial "00".  libusb's error
 * numbers end here, callers see -errno.  Never sends a zero-length OUT packet
 * and never clears a halt: firmware 1 to 3 hangs on the one and stalls the
 * other (usb.c, cdc_app.c of OneRNG/firmware).  One thread.
 */
#ifndef HOST_AGENT_USB_H
#define HOST_AGENT_USB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-agent/rawmsg.h"

#define USB_CONTROL_MS 200 /* for a control request */
#define USB_WRITE_MS   200 /* for a command */
#define USB_TRANSFERS  4
#define USB_TRANSFER   2048 /* bytes; a multiple of ONERNG_PACKET */
#define USB_WAIT_FDS   2
#define USB_WHY_MAX    RAWMSG_TEXT_MAX

struct libusb_context;
struct libusb_device;
struct usb;

/* Port path of a device into out.  0 or -errno (a root hub has none). */
int usb_port_path(struct libusb_device *dev, char out[static RAWMSG_PORT_MAX]);

/* libusb's error number as -errno; 0 and positive numbers stay. */
int usb_errno(int rc);

/* What an operator can do about -errno: static text for an error line. */
const char *usb_advice(int err);

/*
 * Opens the OneRNG at a port: checks its descriptors, detaches the kernel's
 * driver, claims both interfaces.  One attempt; right after an arrival the
 * caller repeats it for a second.  0, or -errno with the reason in why: -ENODEV
 * (none there), -ENXIO (no node), -EPROTO (descriptors are no OneRNG's), -EACCES, -EBUSY, ...
 */
int usb_open(struct usb **out, const char *port, char why[static USB_WHY_MAX]);

/* Releases, gives the device back to the kernel's driver; NULL is fine. */
void usb_close(struct usb *u);

int usb_set_line(struct usb *u, bool dtr); /* 0 or -errno */
int usb_set_interface(struct usb *u);	   /* flushes FIFOs and toggles */

/* 0; -ESTALE: the device has to be opened anew; -errno. */
int usb_reset(struct usb *u);

/* Sends a command line, 1..63 characters.  0 or -errno. */
int usb_write(struct usb *u, const char *text);

/*
 * Reads at most len bytes, a multiple of ONERNG_PACKET.  What had arrived when
 * the time was up or a short packet ended the transfer; 0: nothing.  -errno.
 */
int usb_read(struct usb *u, uint8_t *buf, size_t len, unsigned int timeout_ms);

/*
 * The stream: USB_TRANSFERS transfers in flight, their buffers in secmem and
 * wiped after each call of fn.  err is 0 or -errno; after an error that
 * transfer is not sent again.
 */
typedef void (*usb_stream_fn)(void *ctx, int err, const uint8_t *data,
			      size_t len);

/* timeout_ms for each transfer, 0: none.  0 or -errno. */
int usb_stream_start(struct usb *u, unsigned int timeout_ms, usb_stream_fn fn,
		     void *ctx);

/* Cancels, waits for the end of every transfer, wipes.  fn is not called. */
void usb_stream_stop(struct usb *u);

/*
 * Lets libusb work until a descriptor of fds (-1: unused) is readable or the
 * time is up.  Mask of the readable ones, -ENODEV (departed) or -errno.
 */
int usb_wait(struct usb *u, const int fds[static USB_WAIT_FDS], int timeout_ms);

/* The same without a device. */
int usb_wait_context(struct libusb_context *ctx,
		     const int fds[static USB_WAIT_FDS], int timeout_ms);

#endif /* HOST_AGENT_USB_H */
