/*
 * usb_check.c - whether descriptors are a OneRNG's
 */
#include "host-agent/usb_check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "host-agent/onerng.h"
#include "host-agent/usb.h"
#include "host-agent/usb_priv.h"

#define WHY_TEXT 80 /* bytes of a reason, within USB_WHY_MAX */

static const struct {
	uint8_t class, subclass, protocol;
} usb_expected[USB_INTERFACES] = {
	[USB_IF_CONTROL] = { 0x02, 0x02, 0x01 },
	[USB_IF_DATA] = { 0x0a, 0x00, 0x00 },
};

__attribute__((format(printf, 2, 3))) static int refuse(char *why,
							const char *fmt, ...)
{
	char text[WHY_TEXT + 1];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(why, USB_WHY_MAX, "refused: %.*s; is this device genuine?",
		 WHY_TEXT, text);
	return -EPROTO;
}

int usb_check_device(const struct libusb_device_descriptor *d, char *why)
{
	if (d->bDeviceClass == LIBUSB_CLASS_COMM && d->bNumConfigurations == 1)
		return 0;
	return refuse(why, "device class %02x with %u configurations",
		      d->bDeviceClass, d->bNumConfigurations);
}

/* One bulk endpoint of 64 bytes each way, and no other. */
static int check_endpoints(const struct libusb_interface_descriptor *data,
			   uint8_t *ep_in, uint8_t *ep_out, char *why)
{
	const struct libusb_endpoint_descriptor *ep = data->endpoint;

	*ep_in = *ep_out = 0;
	for (unsigned int i = 0; i < data->bNumEndpoints; i++, ep++) {
		bool in = ep->bEndpointAddress & LIBUSB_ENDPOINT_IN;
		uint8_t *slot = in ? ep_in : ep_out;

		if ((ep->bmAttributes & 3) != LIBUSB_TRANSFER_TYPE_BULK ||
		    ep->wMaxPacketSize != ONERNG_PACKET || *slot)
			return refuse(why, "endpoint %02x is no OneRNG's",
				      ep->bEndpointAddress);
		*slot = ep->bEndpointAddress;
	}
	if (!*ep_in || !*ep_out)
		return refuse(why, "no bulk endpoints");
	return 0;
}

int usb_check_config(const struct libusb_config_descriptor *c, uint8_t *ep_in,
		     uint8_t *ep_out, char *why)
{
	if (c->bNumInterfaces != USB_INTERFACES)
		return refuse(why, "%u interfaces instead of 2",
			      c->bNumInterfaces);
	for (unsigned int i = 0; i < USB_INTERFACES; i++) {
		const struct libusb_interface_descriptor *d;

		if (c->interface[i].num_altsetting != 1)
			return refuse(why, "interface %u has %d settings", i,
				      c->interface[i].num_altsetting);
		d = c->interface[i].altsetting;
		if (d->bInterfaceNumber == i &&
		    d->bInterfaceClass == usb_expected[i].class &&
		    d->bInterfaceSubClass == usb_expected[i].subclass &&
		    d->bInterfaceProtocol == usb_expected[i].protocol)
			continue;
		return refuse(why, "interface %u is %02x:%02x:%02x", i,
			      d->bInterfaceClass, d->bInterfaceSubClass,
			      d->bInterfaceProtocol);
	}
	return check_endpoints(c->interface[USB_IF_DATA].altsetting, ep_in,
			       ep_out, why);
}
