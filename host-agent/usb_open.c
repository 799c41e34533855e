/*
 * usb_open.c - finding, checking, claiming and giving back a OneRNG
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "host-agent/onerng.h"
#include "host-agent/usb_check.h"
#include "host-agent/usb_priv.h"

#define CONFIGURATION 1

__attribute__((format(printf, 3, 4))) static int usb_fail(char *why, int err,
							  const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, USB_WHY_MAX, fmt, ap);
	va_end(ap);
	return err;
}

/* Whether dev is a OneRNG by number, at this port. */
static bool usb_is_at(libusb_device *dev, const char *port)
{
	struct libusb_device_descriptor desc;
	char path[RAWMSG_PORT_MAX];

	if (libusb_get_device_descriptor(dev, &desc) < 0 ||
	    desc.idVendor != ONERNG_VENDOR || desc.idProduct != ONERNG_PRODUCT)
		return false;
	return usb_port_path(dev, path) == 0 && strcmp(path, port) == 0;
}

/* A reference to the device, NULL if there is none at the port. */
static libusb_device *usb_find(struct usb *u, const char *port)
{
	libusb_device **list, *found = NULL;
	ssize_t n = libusb_get_device_list(u->ctx, &list);

	if (n < 0)
		return NULL;
	for (ssize_t i = 0; i < n && !found; i++)
		if (usb_is_at(list[i], port))
			found = libusb_ref_device(list[i]);
	libusb_free_device_list(list, 1);
	return found;
}

static int usb_check_descriptors(struct usb *u, libusb_device *dev, char *why)
{
	struct libusb_device_descriptor desc;
	struct libusb_config_descriptor *config;
	int rc = libusb_get_device_descriptor(dev, &desc);

	if (rc >= 0 && usb_check_device(&desc, why) < 0)
		return -EPROTO;
	if (rc >= 0)
		rc = libusb_get_config_descriptor(dev, 0, &config);
	/* the kernel has read it: what fails is libusb's parsing */
	if (rc == LIBUSB_ERROR_IO)
		return usb_fail(why, -EPROTO,
				"refused: malformed descriptors; is this "
				"device genuine?");
	if (rc < 0)
		return usb_fail(why, usb_errno(rc),
				"cannot read descriptors: %s",
				usb_advice(usb_errno(rc)));
	rc = usb_check_config(config, &u->ep_in, &u->ep_out, why);
	libusb_free_config_descriptor(config);
	return rc;
}

static int usb_detach(struct usb *u, int interface)
{
	int rc = libusb_kernel_driver_active(u->dev, interface);

	if (rc <= 0)
		return rc == LIBUSB_ERROR_NOT_SUPPORTED ? 0 : usb_errno(rc);
	rc = libusb_detach_kernel_driver(u->dev, interface);
	/* cdc_acm leaves the data interface together with the other one */
	if (rc == LIBUSB_ERROR_NOT_FOUND)
		return 0;
	u->detached[interface] = rc == 0;
	return usb_errno(rc);
}

/* Setting a configuration again would reset endpoints under other owners. */
static int usb_configure(struct usb *u)
{
	int config, rc = libusb_get_configuration(u->dev, &config);

	if (rc == 0 && config != CONFIGURATION)
		rc = libusb_set_configuration(u->dev, CONFIGURATION);
	return usb_errno(rc);
}

static int usb_claim(struct usb *u)
{
	int rc = 0;

	for (int i = 0; i < USB_INTERFACES && rc == 0; i++)
		rc = usb_detach(u, i);
	if (rc == 0)
		rc = usb_configure(u);
	for (int i = 0; i < USB_INTERFACES && rc == 0; i++) {
		rc = usb_errno(libusb_claim_interface(u->dev, i));
		u->claimed[i] = rc == 0;
	}
	u->opened = rc == 0;
	return rc;
}

static int LIBUSB_CALL usb_on_left(libusb_context *ctx, libusb_device *dev,
				   libusb_hotplug_event event, void *arg)
{
	struct usb *u = arg;

	(void)ctx;
	(void)event;
	if (u->dev && dev == libusb_get_device(u->dev))
		u->gone = true;
	return 0;
}

/* Best effort: without udevd only a transfer's status tells of departure. */
static void usb_watch_departure(struct usb *u)
{
	if (libusb_has_capability(LIBUSB_CAP_HAS_HOTPLUG))
		libusb_hotplug_register_callback(
			u->ctx, LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT, 0,
			ONERNG_VENDOR, ONERNG_PRODUCT, LIBUSB_HOTPLUG_MATCH_ANY,
			usb_on_left, u, NULL);
}

static int usb_open_at(struct usb *u, const char *port, char *why)
{
	libusb_device *dev = usb_find(u, port);
	int rc;

	if (!dev)
		return usb_fail(why, -ENODEV, "no OneRNG at port %s", port);
	rc = usb_check_descriptors(u, dev, why);
	if (rc == 0) {
		rc = usb_errno(libusb_open(dev, &u->dev));
		/* listed, but its node is not there: no departure */
		if (rc == -ENODEV)
			rc = -ENXIO;
		if (rc < 0)
			usb_fail(why, rc, "cannot open: %s", usb_advice(rc));
	}
	libusb_unref_device(dev);
	if (rc < 0)
		return rc;
	rc = usb_claim(u);
	if (rc < 0)
		return usb_fail(why, rc, "cannot claim: %s", usb_advice(rc));
	rc = usb_stream_init(u);
	if (rc < 0)
		return usb_fail(why, rc,
				"no locked memory: raise "
				"LimitMEMLOCK");
	usb_watch_departure(u);
	return 0;
}

int usb_open(struct usb **out, const char *port, char why[static USB_WHY_MAX])
{
	struct usb *u = calloc(1, sizeof(*u));
	int rc;

	if (!u)
		return usb_fail(why, -ENOMEM, "no memory");
	rc = usb_errno(libusb_init(&u->ctx));
	if (rc < 0)
		usb_fail(why, rc, "cannot start libusb: %s", usb_advice(rc));
	else
		rc = usb_open_at(u, port, why);
	if (rc < 0) {
		usb_close(u);
		return rc;
	}
	*out = u;
	return 0;
}

/*
 * A reader that was killed left the interfaces without a driver, so whoever
 * owned the device gives it back, even if he found it without one.  Both are
 * released first: cdc_acm binds to the two at once.
 */
static void usb_give_back(struct usb *u)
{
	int rc;

	for (int i = 0; i < USB_INTERFACES; i++)
		if (u->claimed[i])
			libusb_release_interface(u->dev, i);
	for (int i = 0; i < USB_INTERFACES; i++) {
		if (!u->detached[i] && !u->opened)
			continue;
		rc = libusb_attach_kernel_driver(u->dev, i);
		/* the data interface got its driver with the control one */
		if (rc < 0 && i == USB_IF_CONTROL)
			log_debug("usb: kernel driver not given back: %s",
				  libusb_error_name(rc));
	}
}

void usb_close(struct usb *u)
{
	if (!u)
		return;
	/* libusb may still write to a transfer that never came back */
	if (!usb_stream_free(u))
		return;
	if (u->dev) {
		usb_give_back(u);
		libusb_close(u->dev);
	}
	if (u->ctx)
		libusb_exit(u->ctx);
	free(u);
}
