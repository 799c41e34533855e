/*
 * fuzz_usb_check.c - descriptors of whatever says that it is a OneRNG
 *
 * libusb's structs, filled from the input in the order in which they come; what
 * is missing is zero.  As in libusb's, a count that is 0 goes with no pointer.
 */
#include <stdlib.h>
#include <string.h>

#include "host-agent/usb.h"
#include "host-agent/usb_check.h"

#define INTERFACES 4
#define SETTINGS   2
#define ENDPOINTS  4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t left;
};

static uint8_t next(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->data++;
}

static struct libusb_endpoint_descriptor *endpoints(struct input *in,
						    uint8_t count)
{
	struct libusb_endpoint_descriptor *e;

	e = count ? calloc(count, sizeof(*e)) : NULL;
	for (uint8_t i = 0; e && i < count; i++) {
		e[i].bEndpointAddress = next(in);
		e[i].bmAttributes = next(in);
		e[i].wMaxPacketSize = next(in);
	}
	return e;
}

static void fill(struct input *in, struct libusb_interface *i)
{
	struct libusb_interface_descriptor *d;
	int count = next(in) % (SETTINGS + 1);

	d = count ? calloc((size_t)count, sizeof(*d)) : NULL;
	i->num_altsetting = d ? count : 0;
	i->altsetting = d;
	for (; d && count > 0; count--, d++) {
		d->bInterfaceNumber = next(in);
		d->bInterfaceClass = next(in);
		d->bInterfaceSubClass = next(in);
		d->bInterfaceProtocol = next(in);
		d->bNumEndpoints = next(in) % (ENDPOINTS + 1);
		d->endpoint = endpoints(in, d->bNumEndpoints);
		if (!d->endpoint)
			d->bNumEndpoints = 0;
	}
}

static void empty(const struct libusb_interface *i)
{
	for (int k = 0; k < i->num_altsetting; k++)
		free((void *)(uintptr_t)i->altsetting[k].endpoint);
	free((void *)(uintptr_t)i->altsetting);
}

static void expect_reason(const char *why)
{
	size_t len = strnlen(why, USB_WHY_MAX);

	if (len == USB_WHY_MAX || strncmp(why, "refused: ", 9) != 0 ||
	    !strstr(why, "genuine?"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct libusb_interface *interfaces;
	struct libusb_device_descriptor dev = {
		.bDeviceClass = next(&in), .bNumConfigurations = next(&in)
	};
	struct libusb_config_descriptor config = {
		.bNumInterfaces = next(&in) % (INTERFACES + 1)
	};
	char why[USB_WHY_MAX] = "";
	uint8_t ep_in, ep_out;

	if (usb_check_device(&dev, why) < 0)
		expect_reason(why);
	interfaces = calloc(INTERFACES, sizeof(*interfaces));
	if (!interfaces)
		return 0;
	config.interface = interfaces;
	for (uint8_t i = 0; i < config.bNumInterfaces; i++)
		fill(&in, &interfaces[i]);
	if (usb_check_config(&config, &ep_in, &ep_out, why) < 0)
		expect_reason(why);
	else if (!(ep_in & LIBUSB_ENDPOINT_IN) || ep_out == 0 ||
		 ep_out & LIBUSB_ENDPOINT_IN)
		abort();
	for (uint8_t i = 0; i < config.bNumInterfaces; i++)
		empty(&interfaces[i]);
	free(interfaces);
	return 0;
}
