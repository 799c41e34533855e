/*
 * domain_hostdev.h - the USB devices that a domain has passed through
 */
#ifndef LIBVIRT_XML_DOMAIN_HOSTDEV_H
#define LIBVIRT_XML_DOMAIN_HOSTDEV_H

#include <stddef.h>

#include "libvirt-xml/domain_xml.h"

#define DOMAIN_HOSTDEVS_MAX 8 /* the hook tells of as many */

/* Numbers that the XML does not have are 0. */
struct domain_hostdev {
	unsigned int vendor, product, bus, device;
};

/* How many there are in out: the first ones, of what may be more. */
size_t
domain_hostdev_find(const struct domain_xml *xml,
		    struct domain_hostdev out[static DOMAIN_HOSTDEVS_MAX]);

#endif /* LIBVIRT_XML_DOMAIN_HOSTDEV_H */
