/*
 * usbprobe - a peer for tests: what libusb sees and reads of OneRNGs
 *
 *   usbprobe list                       port path, address, driver of each
 *   usbprobe read PORT BYTES [SIZE [COUNT [MODE]]]
 *                                       claims, sets DTR, cmdMODE, cmdO; reads
 *                                       with COUNT transfers of SIZE; prints
 *                                       bytes, FNV-1a hash, ones, seconds
 *   usbprobe watch SECONDS              prints arrivals and departures
 *   usbprobe wait arrival|departure PORT SECONDS
 *
 * PORT is BUS-PORT as in 1-1.  Exit status: 0, 1 for a failure (printed), 2
 * for wrong usage.
 */
#include <libusb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define VENDOR	     0x1d50
#define PRODUCT	     0x6086
#define EP_IN	     0x85
#define EP_OUT	     0x05
#define TIMEOUT_MS   5000
#define COUNT_MAX    16
#define SIZE_MAX_    65536
#define PORT_MAX     32
#define FNV_OFFSET   0xcbf29ce484222325u
#define FNV_PRIME    0x100000001b3u
#define NS_PER_S     1000000000.0
#define LINE_STATE   0x22
#define TO_INTERFACE 0x21

struct stream {
	libusb_device_handle *h;
	uint64_t wanted, got, hash, ones, short_ends;
	int in_flight, status;
	struct libusb_transfer *transfer[COUNT_MAX];
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / NS_PER_S;
}

static int fail(const char *what, int rc)
{
	printf("failed: %s: %s\n", what, libusb_error_name(rc));
	return 1;
}

static void port_name(libusb_device *dev, char name[static PORT_MAX])
{
	uint8_t ports[8];
	int n = libusb_get_port_numbers(dev, ports, sizeof(ports));
	int at = snprintf(name, PORT_MAX, "%u", libusb_get_bus_number(dev));

	for (int i = 0; i < n; i++)
		at += snprintf(name + at, PORT_MAX - (size_t)at, "%c%u",
			       i ? '.' : '-', ports[i]);
}

static bool is_onerng(libusb_device *dev)
{
	struct libusb_device_descriptor d;

	return libusb_get_device_descriptor(dev, &d) == 0 &&
	       d.idVendor == VENDOR && d.idProduct == PRODUCT;
}

/* Referenced; NULL when there is none at port. */
static libusb_device *find(const char *port)
{
	libusb_device **list, *found = NULL;
	ssize_t n = libusb_get_device_list(NULL, &list);

	for (ssize_t i = 0; i < n && !found; i++) {
		char name[PORT_MAX];

		if (!is_onerng(list[i]))
			continue;
		port_name(list[i], name);
		if (!strcmp(name, port))
			found = libusb_ref_device(list[i]);
	}
	if (n >= 0)
		libusb_free_device_list(list, 1);
	return found;
}

static void print_device(libusb_device *dev)
{
	struct libusb_device_descriptor d;
	libusb_device_handle *h;
	unsigned char serial[16] = "?";
	char name[PORT_MAX];
	int driver = -1;

	port_name(dev, name);
	libusb_get_device_descriptor(dev, &d);
	if (libusb_open(dev, &h) == 0) {
		driver = libusb_kernel_driver_active(h, 0);
		libusb_get_string_descriptor_ascii(h, d.iSerialNumber, serial,
						   sizeof(serial));
		libusb_close(h);
	}
	printf("device %s address %u serial %s driver %d\n", name,
	       libusb_get_device_address(dev), serial, driver);
}

static int do_list(void)
{
	libusb_device **list;
	ssize_t n = libusb_get_device_list(NULL, &list);

	if (n < 0)
		return fail("list", (int)n);
	for (ssize_t i = 0; i < n; i++)
		if (is_onerng(list[i]))
			print_device(list[i]);
	libusb_free_device_list(list, 1);
	return 0;
}

static void count_bytes(struct stream *s, const uint8_t *data, int len)
{
	for (int i = 0; i < len && s->got < s->wanted; i++, s->got++) {
		s->hash = (s->hash ^ data[i]) * FNV_PRIME;
		s->ones += (uint64_t)__builtin_popcount(data[i]);
	}
}

static void LIBUSB_CALL on_data(struct libusb_transfer *t)
{
	struct stream *s = t->user_data;

	s->in_flight--;
	count_bytes(s, t->buffer, t->actual_length);
	if (t->actual_length < t->length)
		s->short_ends++;
	if (t->status != LIBUSB_TRANSFER_COMPLETED && s->got < s->wanted &&
	    !s->status)
		s->status = (int)t->status;
	if (s->status || s->got >= s->wanted)
		return;
	if (libusb_submit_transfer(t) == 0)
		s->in_flight++;
}

static int command(libusb_device_handle *h, const char *text)
{
	unsigned char buf[32];
	int sent, len = snprintf((char *)buf, sizeof(buf), "%s", text);

	return libusb_bulk_transfer(h, EP_OUT, buf, len, &sent, TIMEOUT_MS);
}

static int start(libusb_device_handle *h, const char *mode)
{
	char text[32];
	int rc;

	libusb_set_auto_detach_kernel_driver(h, 1);
	rc = libusb_claim_interface(h, 0);
	if (rc == 0)
		rc = libusb_claim_interface(h, 1);
	if (rc == 0)
		rc = libusb_control_transfer(h, TO_INTERFACE, LINE_STATE, 1, 0,
					     NULL, 0, TIMEOUT_MS);
	snprintf(text, sizeof(text), "\ncmd%scmdO", mode);
	return rc < 0 ? rc : command(h, text);
}

static int stream(struct stream *s, int size, int count)
{
	for (int i = 0; i < count; i++) {
		unsigned char *buf = malloc((size_t)size);

		s->transfer[i] = libusb_alloc_transfer(0);
		libusb_fill_bulk_transfer(s->transfer[i], s->h, EP_IN, buf,
					  size, on_data, s, TIMEOUT_MS);
		s->transfer[i]->flags = LIBUSB_TRANSFER_FREE_BUFFER;
		if (libusb_submit_transfer(s->transfer[i]) == 0)
			s->in_flight++;
	}
	while (s->in_flight && !s->status && s->got < s->wanted)
		libusb_handle_events(NULL);
	for (int i = 0; i < count; i++)
		libusb_cancel_transfer(s->transfer[i]);
	while (s->in_flight)
		libusb_handle_events(NULL);
	for (int i = 0; i < count; i++)
		libusb_free_transfer(s->transfer[i]);
	return s->status;
}

static int read_open(libusb_device_handle *h, int argc, char *argv[])
{
	struct stream s = { .h = h, .hash = FNV_OFFSET };
	int size = argc > 2 ? atoi(argv[2]) : 512;
	int count = argc > 3 ? atoi(argv[3]) : 4;
	double began;
	int rc;

	s.wanted = strtoull(argv[1], NULL, 10);
	if (size < 1 || size > SIZE_MAX_ || count < 1 || count > COUNT_MAX)
		return 2;
	rc = start(h, argc > 4 ? argv[4] : "1");
	if (rc < 0)
		return fail("start", rc);
	began = seconds();
	rc = stream(&s, size, count);
	printf("read %llu hash %016llx ones %.4f seconds %.3f status %d "
	       "short %llu\n",
	       (unsigned long long)s.got, (unsigned long long)s.hash,
	       s.got ? (double)s.ones / (8.0 * (double)s.got) : 0.0,
	       seconds() - began, rc, (unsigned long long)s.short_ends);
	command(h, "cmdo");
	libusb_release_interface(h, 1);
	libusb_release_interface(h, 0);
	return rc != 0;
}

static int do_read(int argc, char *argv[])
{
	libusb_device *dev = find(argv[0]);
	libusb_device_handle *h;
	int rc;

	if (!dev)
		return fail("find", LIBUSB_ERROR_NO_DEVICE);
	rc = libusb_open(dev, &h);
	libusb_unref_device(dev);
	if (rc < 0)
		return fail("open", rc);
	rc = read_open(h, argc, argv);
	libusb_close(h);
	return rc;
}

struct waiting {
	const char *port; /* NULL: any, and print */
	libusb_hotplug_event event;
	bool came;
};

static int LIBUSB_CALL on_plug(libusb_context *ctx, libusb_device *dev,
			       libusb_hotplug_event event, void *data)
{
	struct waiting *w = data;
	char name[PORT_MAX];

	(void)ctx;
	port_name(dev, name);
	printf("%s %s address %u\n",
	       event == LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED ? "arrived"
							    : "left",
	       name, libusb_get_device_address(dev));
	fflush(stdout);
	w->came = w->port && !strcmp(name, w->port) && event == w->event;
	return 0;
}

static int wait_events(struct waiting *w, double for_seconds)
{
	double end = seconds() + for_seconds;
	int rc = libusb_hotplug_register_callback(
		NULL,
		LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED |
			LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT,
		0, VENDOR, PRODUCT, LIBUSB_HOTPLUG_MATCH_ANY, on_plug, w, NULL);

	if (rc < 0)
		return fail("hotplug", rc);
	printf("watching\n");
	fflush(stdout);
	while (!w->came && seconds() < end) {
		struct timeval tick = { 0, 100000 };

		libusb_handle_events_timeout_completed(NULL, &tick, NULL);
	}
	return w->port && !w->came;
}

static int run(int argc, char *argv[])
{
	struct waiting w = { 0 };

	if (argc == 2 && !strcmp(argv[1], "list"))
		return do_list();
	if (argc >= 4 && argc <= 7 && !strcmp(argv[1], "read"))
		return do_read(argc - 2, argv + 2);
	if (argc == 3 && !strcmp(argv[1], "watch"))
		return wait_events(&w, atof(argv[2]));
	if (argc == 5 && !strcmp(argv[1], "wait")) {
		w.port = argv[3];
		w.event = !strcmp(argv[2], "arrival")
				  ? LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED
				  : LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT;
		return wait_events(&w, atof(argv[4]));
	}
	return 2;
}

int main(int argc, char *argv[])
{
	int rc = libusb_init(NULL);

	if (rc < 0)
		return fail("init", rc);
	rc = run(argc, argv);
	libusb_exit(NULL);
	return rc;
}
