/*
 * usb_priv.h - what usb.c, usb_open.c and usb_stream.c share
 */
#ifndef HOST_AGENT_USB_PRIV_H
#define HOST_AGENT_USB_PRIV_H

#include <libusb-1.0/libusb.h>
#include <stdbool.h>
#include <stdint.h>

#include "host-agent/usb.h"

#define USB_IF_CONTROL 0
#define USB_IF_DATA    1
#define USB_INTERFACES 2

struct usb {
	libusb_context *ctx;
	libusb_device_handle *dev;
	uint8_t ep_in, ep_out;
	bool detached[USB_INTERFACES]; /* the kernel's driver was there */
	bool claimed[USB_INTERFACES];
	bool opened; /* both claimed: the device is ours to give back */
	bool gone;   /* departure was reported by hotplug */

	struct libusb_transfer *transfer[USB_TRANSFERS];
	uint8_t *buffer; /* secmem, USB_TRANSFERS * USB_TRANSFER */
	unsigned int in_flight;
	bool streaming;
	usb_stream_fn fn;
	void *fn_ctx;
};

/* Transfers and their buffers.  0 or -errno. */
int usb_stream_init(struct usb *u);

/* Ends the stream; false: transfers are left that never came back. */
bool usb_stream_free(struct usb *u);

#endif /* HOST_AGENT_USB_PRIV_H */
