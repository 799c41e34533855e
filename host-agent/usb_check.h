/*
 * usb_check.h - whether descriptors are a OneRNG's
 *
 * A device that says 1d50:6086 may be anything (BadUSB, a device that comes
 * back as a keyboard): it has to have the published descriptors, two interfaces
 * 02:02:01 and 0a:00:00 and one bulk endpoint of 64 bytes each way, before it is
 * touched.  Looks at libusb's structs only.
 */
#ifndef HOST_AGENT_USB_CHECK_H
#define HOST_AGENT_USB_CHECK_H

#include <libusb-1.0/libusb.h>
#include <stdint.h>

/* 0, or -EPROTO with why (USB_WHY_MAX bytes). */
int usb_check_device(const struct libusb_device_descriptor *d, char *why);

/* The same; the endpoints, if it returns 0. */
int usb_check_config(const struct libusb_config_descriptor *c, uint8_t *ep_in,
		     uint8_t *ep_out, char *why);

#endif /* HOST_AGENT_USB_CHECK_H */
