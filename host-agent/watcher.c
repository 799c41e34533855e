/*
 * watcher.c - the process that sees OneRNGs arrive and leave
 *
 * libusb's hotplug events come from udevd.  Where there is none, as in a
 * container or an initramfs, Debian's libusb stays silent: then the kernel's
 * list of USB devices is compared every POLL_MS, which costs one directory,
 * and a change leads to an enumeration in a fresh context, since the lasting
 * one would not see it.  Either may report what the other did: a device is
 * known by port and address, and reported once.
 */
#include <dirent.h>
#include <errno.h>
#include <libusb-1.0/libusb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "host-agent/lockdown.h"
#include "host-agent/onerng.h"
#include "host-agent/rawmsg.h"
#include "host-agent/reader.h"
#include "host-agent/role.h"
#include "host-agent/usb.h"

#define DEVICES_MAX 64 /* more OneRNGs than this are not reported */
#define POLL_MS	    2000
#define POLLFD_MAX  16
#define UDEVD	    "/run/udev/control"
#define SYS_DEVICES "/sys/bus/usb/devices"

struct watcher_device {
	char port[RAWMSG_PORT_MAX];
	uint8_t address; /* a new one at each arrival */
	bool present;	 /* in the enumeration at work */
};

struct watcher {
	libusb_context *ctx;
	int fds[ROLE_FDS];
	struct watcher_device known[DEVICES_MAX];
	size_t devices;
	uint64_t listing; /* fingerprint of SYS_DEVICES */
	bool stop;
};

static void watcher_send(struct watcher *w, enum rawmsg_type type,
			 const char *port)
{
	struct rawmsg_port msg = { { 0 } };

	snprintf(msg.port, sizeof(msg.port), "%s", port);
	log_debug("watcher: port %s: %s", msg.port,
		  type == RAWMSG_ARRIVED ? "arrived" : "left");
	if (rawmsg_send(RAWMSG_FD, type, 0, &msg, sizeof(msg)) < 0)
		w->stop = true;
}

static void watcher_forget(struct watcher *w, struct watcher_device *d)
{
	watcher_send(w, RAWMSG_LEFT, d->port);
	*d = w->known[--w->devices];
}

static struct watcher_device *watcher_find(struct watcher *w, const char *port)
{
	for (size_t i = 0; i < w->devices; i++)
		if (!strcmp(w->known[i].port, port))
			return &w->known[i];
	return NULL;
}

static void watcher_arrived(struct watcher *w, libusb_device *dev)
{
	uint8_t address = libusb_get_device_address(dev);
	struct watcher_device *d;
	char port[RAWMSG_PORT_MAX];

	if (usb_port_path(dev, port) < 0)
		return;
	d = watcher_find(w, port);
	if (d && d->address == address) {
		d->present = true;
		return;
	}
	/* its departure went unseen */
	if (d)
		watcher_forget(w, d);
	if (w->devices == DEVICES_MAX)
		return;
	d = &w->known[w->devices++];
	*d = (struct watcher_device){ .address = address, .present = true };
	memcpy(d->port, port, sizeof(d->port));
	watcher_send(w, RAWMSG_ARRIVED, port);
}

static void watcher_left(struct watcher *w, libusb_device *dev)
{
	struct watcher_device *d;
	char port[RAWMSG_PORT_MAX];

	if (usb_port_path(dev, port) < 0)
		return;
	d = watcher_find(w, port);
	/* a late word about a predecessor says nothing about this one */
	if (d && d->address == libusb_get_device_address(dev))
		watcher_forget(w, d);
}

static bool watcher_is_onerng(libusb_device *dev)
{
	struct libusb_device_descriptor desc;

	return libusb_get_device_descriptor(dev, &desc) >= 0 &&
	       desc.idVendor == ONERNG_VENDOR &&
	       desc.idProduct == ONERNG_PRODUCT;
}

/* Compares what ctx sees with what is known.  0 or -errno. */
static int watcher_enumerate(struct watcher *w, libusb_context *ctx)
{
	libusb_device **list;
	ssize_t n = libusb_get_device_list(ctx, &list);

	if (n < 0)
		return usb_errno((int)n);
	for (size_t i = 0; i < w->devices; i++)
		w->known[i].present = false;
	for (ssize_t i = 0; i < n; i++)
		if (watcher_is_onerng(list[i]))
			watcher_arrived(w, list[i]);
	for (size_t i = w->devices; i-- > 0;)
		if (!w->known[i].present)
			watcher_forget(w, &w->known[i]);
	libusb_free_device_list(list, 1);
	return 0;
}

/* FNV-1a over names and inode numbers: a replugged device has a new inode. */
static uint64_t watcher_list(void)
{
	DIR *dir = opendir(SYS_DEVICES);
	uint64_t sum = 0, hash;
	struct dirent *e;

	if (!dir)
		return 0;
	while ((e = readdir(dir))) {
		hash = 0xcbf29ce484222325u ^ e->d_ino;
		for (const char *c = e->d_name; *c; c++)
			hash = (hash ^ (uint8_t)*c) * 0x100000001b3u;
		/* a sum: readdir(3) promises no order */
		sum += hash;
	}
	closedir(dir);
	return sum;
}

static void watcher_poll(struct watcher *w)
{
	uint64_t listing = watcher_list();
	libusb_context *ctx;

	if (listing == w->listing)
		return;
	if (libusb_init(&ctx) < 0)
		return;
	/* a listing that could not be used is looked at again */
	if (watcher_enumerate(w, ctx) == 0)
		w->listing = listing;
	libusb_exit(ctx);
}

static int LIBUSB_CALL watcher_on_event(libusb_context *ctx, libusb_device *dev,
					libusb_hotplug_event event, void *arg)
{
	(void)ctx;
	if (event == LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED)
		watcher_arrived(arg, dev);
	else
		watcher_left(arg, dev);
	return 0;
}

static int watcher_start(struct watcher *w)
{
	int rc = libusb_init(&w->ctx);

	if (rc < 0)
		return usb_errno(rc);
	w->listing = watcher_list();
	if (libusb_has_capability(LIBUSB_CAP_HAS_HOTPLUG))
		rc = libusb_hotplug_register_callback(
			w->ctx,
			LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED |
				LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT,
			0, ONERNG_VENDOR, ONERNG_PRODUCT,
			LIBUSB_HOTPLUG_MATCH_ANY, watcher_on_event, w, NULL);
	/* behind the registration, so that none falls between the two */
	return rc < 0 ? usb_errno(rc) : watcher_enumerate(w, w->ctx);
}

static int watcher_loop(struct watcher *w)
{
	int rc = 0, timeout_ms;

	while (rc == 0 && !w->stop) {
		timeout_ms = access(UDEVD, F_OK) == 0 ? -1 : POLL_MS;
		/* readable: the core closed it, as it sends nothing; or SIGTERM
		 */
		rc = usb_wait_context(w->ctx, w->fds, timeout_ms);
		if (rc > 0)
			return 0;
		if (timeout_ms >= 0)
			watcher_poll(w);
	}
	return rc;
}

int watcher_main(enum sandbox_mode sandbox)
{
	struct watcher w = { .fds = { RAWMSG_FD, -1 } };
	int rc;

	w.fds[1] = role_enter();
	if (w.fds[1] >= 0 && lockdown_watcher(sandbox) < 0)
		return 1;
	rc = w.fds[1] < 0 ? w.fds[1] : watcher_start(&w);
	if (rc == 0)
		rc = watcher_loop(&w);
	if (rc < 0)
		log_err("watcher: cannot watch for devices: %s",
			usb_advice(rc));
	if (w.ctx)
		libusb_exit(w.ctx);
	return rc < 0;
}
