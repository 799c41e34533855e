#include "libvirt-xml/domain_hostdev.h"

#include <stdint.h>
#include <stdlib.h>

#include "libvirt-xml/domain_node.h"

/* 0: there is none, or none that a USB device has. */
static unsigned int number(const xmlNode *node, const char *name)
{
	const char *s = domain_node_attr(node, name);
	unsigned long n = s ? strtoul(s, NULL, 0) : 0;

	return n > UINT16_MAX ? 0 : (unsigned int)n;
}

size_t
domain_hostdev_find(const struct domain_xml *xml,
		    struct domain_hostdev out[static DOMAIN_HOSTDEVS_MAX])
{
	const xmlNode *devices = domain_node_child(xml->root, "devices");
	const xmlNode *d = domain_node_child(devices, "hostdev");
	const xmlNode *source, *address;
	size_t n = 0;

	for (; d && n < DOMAIN_HOSTDEVS_MAX; d = domain_node_next(d)) {
		if (!domain_node_attr_is(d, "type", "usb"))
			continue;
		source = domain_node_child(d, "source");
		address = domain_node_child(source, "address");
		out[n++] = (struct domain_hostdev){
			number(domain_node_child(source, "vendor"), "id"),
			number(domain_node_child(source, "product"), "id"),
			number(address, "bus"),
			number(address, "device"),
		};
	}
	return n;
}
