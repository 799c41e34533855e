/*
 * usbpeer.c - another program that knows libusb, for tests of the reader
 *
 *	usbpeer driver PORT kernel|none    is the kernel's driver bound?
 *	usbpeer hold PORT SECONDS          claims the data interface so
 *	                                   long, from "held" on
 *
 * PORT is BUS-PORT.  Status 0 if it is as said.
 */
#include <libusb-1.0/libusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static libusb_device_handle *open_port(libusb_context *ctx, const char *port)
{
	libusb_device_handle *h = NULL;
	libusb_device **list;
	ssize_t n = libusb_get_device_list(ctx, &list);

	for (ssize_t i = 0; i < n && !h; i++) {
		char path[16];

		snprintf(path, sizeof(path), "%d-%d",
			 libusb_get_bus_number(list[i]),
			 libusb_get_port_number(list[i]));
		if (!strcmp(path, port) && libusb_open(list[i], &h) < 0)
			h = NULL;
	}
	if (n >= 0)
		libusb_free_device_list(list, 1);
	return h;
}

static int hold(libusb_device_handle *h, const char *seconds)
{
	int rc;

	libusb_set_auto_detach_kernel_driver(h, 1);
	rc = libusb_claim_interface(h, 1);
	if (rc < 0) {
		fprintf(stderr, "usbpeer: claim: %s\n", libusb_error_name(rc));
		return 1;
	}
	puts("held");
	fflush(stdout);
	usleep((useconds_t)(strtod(seconds, NULL) * 1e6));
	return libusb_release_interface(h, 1) < 0;
}

int main(int argc, char *argv[])
{
	libusb_context *ctx;
	libusb_device_handle *h;
	int status, active;

	if (argc != 4 || libusb_init(&ctx) < 0)
		return 2;
	h = open_port(ctx, argv[2]);
	if (!h) {
		fprintf(stderr, "usbpeer: no device at %s\n", argv[2]);
		return 1;
	}
	if (!strcmp(argv[1], "hold")) {
		status = hold(h, argv[3]);
	} else {
		active = libusb_kernel_driver_active(h, 0);
		status = active != !strcmp(argv[3], "kernel");
		if (status)
			fprintf(stderr, "usbpeer: driver active: %d\n", active);
	}
	libusb_close(h);
	libusb_exit(ctx);
	return status;
}
