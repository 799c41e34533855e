/*
 * usb.c - requests to an open OneRNG
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host-agent/onerng.h"
#include "host-agent/usb_priv.h"

#define CDC_SET_CONTROL_LINE_STATE 0x22
#define CDC_OUT_INTERFACE	   0x21 /* class request to an interface */
#define LINE_DTR		   1u
#define PORT_DEPTH		   7

int usb_errno(int rc)
{
	switch (rc) {
	case LIBUSB_ERROR_INVALID_PARAM:
		return -EINVAL;
	case LIBUSB_ERROR_ACCESS:
		return -EACCES;
	case LIBUSB_ERROR_NO_DEVICE:
		return -ENODEV;
	case LIBUSB_ERROR_NOT_FOUND:
		return -ENOENT;
	case LIBUSB_ERROR_BUSY:
		return -EBUSY;
	case LIBUSB_ERROR_TIMEOUT:
		return -ETIMEDOUT;
	case LIBUSB_ERROR_OVERFLOW:
		return -EOVERFLOW;
	case LIBUSB_ERROR_PIPE:
		return -EPIPE;
	case LIBUSB_ERROR_INTERRUPTED:
		return -EINTR;
	case LIBUSB_ERROR_NO_MEM:
		return -ENOMEM;
	case LIBUSB_ERROR_NOT_SUPPORTED:
		return -ENOTSUP;
	}
	return rc < 0 ? -EIO : rc;
}

const char *usb_advice(int err)
{
	switch (err) {
	case -EACCES:
	case -EPERM:
		return "no permission: install the udev rule 60-onerng.rules "
		       "and run in group onerng";
	case -EBUSY:
		return "claimed by another program: stop it (rngd, "
		       "ModemManager, a virtual machine)";
	case -ENODEV:
		return "not there: plug it in";
	case -ENXIO:
		return "no node under /dev/bus/usb: is it mounted here?";
	case -ENOMEM:
		return "no memory: raise LimitMEMLOCK";
	case -ETIMEDOUT:
		return "no answer: unplug the device and plug it in again";
	case -EPIPE:
		return "request refused by the device: unplug it and plug it "
		       "in again";
	case -EOVERFLOW:
		return "more data than asked for: try another port or cable";
	case -EIO:
		return "transfer failed: try another port or cable";
	}
	return strerror(-err);
}

int usb_port_path(struct libusb_device *dev, char out[static RAWMSG_PORT_MAX])
{
	uint8_t ports[PORT_DEPTH];
	int n = libusb_get_port_numbers(dev, ports, PORT_DEPTH);
	size_t at;

	if (n <= 0)
		return n ? usb_errno(n) : -ENOENT;
	at = (size_t)snprintf(out, RAWMSG_PORT_MAX, "%u-%u",
			      libusb_get_bus_number(dev), ports[0]);
	for (int i = 1; i < n && at < RAWMSG_PORT_MAX; i++)
		at += (size_t)snprintf(out + at, RAWMSG_PORT_MAX - at, ".%u",
				       ports[i]);
	return at < RAWMSG_PORT_MAX ? 0 : -ENAMETOOLONG;
}

int usb_set_line(struct usb *u, bool dtr)
{
	int rc = libusb_control_transfer(
		u->dev, CDC_OUT_INTERFACE, CDC_SET_CONTROL_LINE_STATE,
		dtr ? LINE_DTR : 0, USB_IF_CONTROL, NULL, 0, USB_CONTROL_MS);

	return rc < 0 ? usb_errno(rc) : 0;
}

int usb_set_interface(struct usb *u)
{
	return usb_errno(
		libusb_set_interface_alt_setting(u->dev, USB_IF_DATA, 0));
}

int usb_reset(struct usb *u)
{
	int rc = libusb_reset_device(u->dev);

	return rc == LIBUSB_ERROR_NOT_FOUND ? -ESTALE : usb_errno(rc);
}

int usb_write(struct usb *u, const char *text)
{
	uint8_t packet[ONERNG_PACKET];
	size_t len = strlen(text);
	int done = 0, rc;

	/* a zero-length packet hangs firmware 1 to 3 until it is replugged */
	assert(len > 0 && len < sizeof(packet));
	memcpy(packet, text, len);
	rc = libusb_bulk_transfer(u->dev, u->ep_out, packet, (int)len, &done,
				  USB_WRITE_MS);
	if (rc < 0)
		return usb_errno(rc);
	return (size_t)done == len ? 0 : -EIO;
}

int usb_read(struct usb *u, uint8_t *buf, size_t len, unsigned int timeout_ms)
{
	int done = 0, rc;

	assert(len && len % ONERNG_PACKET == 0);
	if (u->gone)
		return -ENODEV;
	rc = libusb_bulk_transfer(u->dev, u->ep_in, buf, (int)len, &done,
				  timeout_ms);
	if (rc == 0 || rc == LIBUSB_ERROR_TIMEOUT)
		return done;
	return usb_errno(rc);
}
