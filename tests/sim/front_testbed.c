#include "tests/sim/front_testbed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/sim/model.h"

#define BUS	  1
#define USB_MAJOR 189 /* Documentation/admin-guide/devices.txt */
#define HUB_SYSFS "/devices/pci0000:00/0000:00:14.0/usb1"

/* A root hub of Linux, as libusb reads it: device and configuration. */
static const char hub_descriptors[] = "12010002090001406b1d020001060302010109"
				      "02190001010000"
				      "e0000904000001090000000705810304000c";

/*
 * libumockdev's, too: it ends the simulator by abort(3) if a process that
 * listened to its events is gone by the time it sends one (umockdev 0.17).
 */
ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	ssize_t n = syscall(SYS_sendmsg, fd, message, flags);

	return n < 0 && errno == ECONNREFUSED ? 0 : n;
}

static void append_hex(GString *s, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		g_string_append_printf(s, "%02x", data[i]);
}

static void append_node(GString *s, unsigned int address)
{
	g_string_append_printf(s, "N: bus/usb/%03d/%03u\n", BUS, address);
	g_string_append_printf(s, "E: DEVNAME=/dev/bus/usb/%03d/%03u\n", BUS,
			       address);
	g_string_append_printf(s, "E: BUSNUM=%03d\nE: DEVNUM=%03u\n", BUS,
			       address);
	g_string_append_printf(s, "E: MAJOR=%d\nE: MINOR=%u\n", USB_MAJOR,
			       (BUS - 1) * 128 + address - 1);
	g_string_append(s, "E: DEVTYPE=usb_device\nE: DRIVER=usb\n"
			   "E: SUBSYSTEM=usb\n");
	g_string_append_printf(s, "A: busnum=%d\\n\nA: devnum=%u\\n\n", BUS,
			       address);
	g_string_append(s, "A: bConfigurationValue=1\\n\n"
			   "A: bNumConfigurations=1\\n\n");
}

int testbed_add_hub(UMockdevTestbed *bed, const char **why)
{
	GString *s = g_string_new("P: " HUB_SYSFS "\n");
	gboolean added;

	append_node(s, HUB_ADDRESS);
	g_string_append(s, "E: PRODUCT=1d6b/2/601\nE: TYPE=9/0/1\n"
			   "A: idVendor=1d6b\\n\nA: idProduct=0002\\n\n"
			   "A: speed=480\\n\nA: devpath=0\\n\n"
			   "A: bDeviceClass=09\\n\n");
	g_string_append_printf(s, "H: descriptors=%s\n", hub_descriptors);
	added = umockdev_testbed_add_from_string(bed, s->str, NULL);
	g_string_free(s, TRUE);
	*why = "umockdev refused the simulated hub";
	return added ? 0 : -EIO;
}

static GString *describe(const struct testbed_device *d)
{
	GString *s = g_string_new(NULL);
	const uint8_t *desc;
	size_t len;

	g_string_append_printf(s, "P: %s/1-%u\n", HUB_SYSFS, d->port);
	append_node(s, d->address);
	g_string_append(s, "E: PRODUCT=1d50/6086/9\nE: TYPE=2/0/0\n"
			   "E: ID_VENDOR_ID=1d50\nE: ID_MODEL_ID=6086\n"
			   "E: ID_SERIAL_SHORT=00\n"
			   "A: idVendor=1d50\\n\nA: idProduct=6086\\n\n"
			   "A: bcdDevice=0009\\n\nA: speed=12\\n\n"
			   "A: manufacturer=Moonbase Otago "
			   "http://www.moonbaseotago.com/random\\n\n"
			   "A: product=00\\n\nA: serial=00\\n\n"
			   "A: bDeviceClass=02\\n\nA: bDeviceSubClass=00\\n\n"
			   "A: bMaxPacketSize0=32\\n\nA: bMaxPower=200mA\\n\n"
			   "A: version= 2.00\\n\n");
	g_string_append_printf(s, "A: devpath=%u\\n\nH: descriptors=", d->port);
	desc = model_device_descriptor(&len);
	append_hex(s, desc, len);
	desc = model_config_descriptor(&len);
	append_hex(s, desc, len);
	g_string_append_c(s, '\n');
	return s;
}

static char *node_path(unsigned int address)
{
	return g_strdup_printf("/dev/bus/usb/%03d/%03u", BUS, address);
}

int testbed_plug(UMockdevTestbed *bed, struct testbed_device *d,
		 unsigned int address, UMockdevIoctlBase *ioctls)
{
	char *node = node_path(address);
	GString *s;
	int rc = -EIO;

	d->address = address;
	s = describe(d);
	/* Whoever hears of the arrival may open at once. */
	if (umockdev_testbed_attach_ioctl(bed, node, ioctls, NULL) &&
	    umockdev_testbed_add_from_string(bed, s->str, NULL)) {
		d->syspath = g_strdup_printf("/sys%s/1-%u", HUB_SYSFS, d->port);
		rc = 0;
	}
	g_string_free(s, TRUE);
	g_free(node);
	return rc;
}

/*
 * A replugged device has another inode number in sysfs, by which the watcher
 * knows it.  Here a file system may give the same number again at once, so the
 * last link of each port is kept elsewhere until there is another.
 */
static void keep_inode(UMockdevTestbed *bed, const struct testbed_device *d)
{
	char *root = umockdev_testbed_get_root_dir(bed);
	char *from =
		g_strdup_printf("%s/sys/bus/usb/devices/1-%u", root, d->port);
	char *to = g_strdup_printf("%s/gone.1-%u", root, d->port);

	(void)unlink(to);
	if (link(from, to) < 0)
		fprintf(stderr, "onerng-sim: %s: %s\n", to, strerror(errno));
	g_free(from);
	g_free(to);
	g_free(root);
}

void testbed_unplug(UMockdevTestbed *bed, struct testbed_device *d)
{
	char *node = node_path(d->address);

	keep_inode(bed, d);
	umockdev_testbed_uevent(bed, d->syspath, "remove");
	umockdev_testbed_remove_device(bed, d->syspath);
	umockdev_testbed_detach_ioctl(bed, node, NULL);
	g_clear_pointer(&d->syspath, g_free);
	d->address = 0;
	g_free(node);
}

int testbed_watch(UMockdevTestbed *bed)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), rc = fd;
	char *root = umockdev_testbed_get_root_dir(bed);

	if (fd < 0 || inotify_add_watch(fd, root, IN_CREATE) < 0) {
		rc = -errno;
		if (fd >= 0)
			close(fd);
	}
	g_free(root);
	return rc;
}

/* "event" and a descriptor number, as it was bound. */
static gboolean is_listener(const char *name)
{
	return g_str_has_prefix(name, "event") && name[5] &&
	       !name[5 + strspn(name + 5, "0123456789")];
}

static void keep_listener(const char *root, const char *name)
{
	static unsigned int serial;
	char *from = g_strdup_printf("%s/%s", root, name);
	char *to = g_strdup_printf("%s.%u", from, ++serial);

	/* Gone again by now: nobody listens there any more. */
	if (is_listener(name))
		(void)rename(from, to);
	g_free(from);
	g_free(to);
}

void testbed_keep_listeners(UMockdevTestbed *bed, int watch)
{
	_Alignas(struct inotify_event) char buf[4096];
	char *root = umockdev_testbed_get_root_dir(bed);
	const struct inotify_event *e;
	ssize_t n;

	while ((n = read(watch, buf, sizeof(buf))) > 0)
		for (char *at = buf; at < buf + n; at += sizeof(*e) + e->len) {
			e = (const void *)at;
			if (e->len)
				keep_listener(root, e->name);
		}
	g_free(root);
}
