#include "libvirt-xml/domain_hostdev.h"

#include <stdint.h>
#include <stdlib.h>

#include "libvirt-xml/domain_finding.h"

#define ONERNG_VENDOR  0x1d50
#define ONERNG_PRODUCT 0x6086

/* 0: there is none, or none that a USB device has. */
static unsigned int number(const xmlNode *node, const char *name)
{
	const char *s = domain_node_attr(node, name);
	unsigned long n = s ? strtoul(s, NULL, 0) : 0;

	return n > UINT16_MAX ? 0 : (unsigned int)n;
}

bool domain_hostdev_of(const xmlNode *node, struct domain_hostdev *out)
{
	const xmlNode *source = domain_node_child(node, "source");
	const xmlNode *address = domain_node_child(source, "address");

	*out = (struct domain_hostdev){
		number(domain_node_child(source, "vendor"), "id"),
		number(domain_node_child(source, "product"), "id"),
		number(address, "bus"),
		number(address, "device"),
	};
	return domain_node_attr_is(node, "type", "usb");
}

size_t
domain_hostdev_find(const struct domain_xml *xml,
		    struct domain_hostdev out[static DOMAIN_HOSTDEVS_MAX])
{
	const xmlNode *devices = domain_node_child(xml->root, "devices");
	const xmlNode *d = domain_node_child(devices, "hostdev");
	size_t n = 0;

	for (; d && n < DOMAIN_HOSTDEVS_MAX; d = domain_node_next(d))
		if (domain_hostdev_of(d, &out[n]))
			n++;
	return n;
}

bool domain_hostdev_is_onerng(const struct domain_hostdev *h,
			      const struct domain_usb *plugged, size_t count)
{
	if (h->vendor || h->product)
		return h->vendor == ONERNG_VENDOR &&
		       h->product == ONERNG_PRODUCT;
	for (size_t i = 0; i < count; i++)
		if (h->bus == plugged[i].bus && h->device == plugged[i].device)
			return true;
	return false;
}

bool domain_hostdev_is_any(const struct domain_hostdev *h)
{
	return !h->bus && !h->device;
}

bool domain_hostdev_may_be_same(const struct domain_hostdev *a,
				const struct domain_hostdev *b)
{
	return domain_hostdev_is_any(a) || domain_hostdev_is_any(b) ||
	       (a->bus == b->bus && a->device == b->device);
}
