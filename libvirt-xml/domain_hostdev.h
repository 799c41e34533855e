/*
 * domain_hostdev.h - the USB devices that a domain has passed through
 */
#ifndef LIBVIRT_XML_DOMAIN_HOSTDEV_H
#define LIBVIRT_XML_DOMAIN_HOSTDEV_H

#include <stdbool.h>
#include <stddef.h>

#include "libvirt-xml/domain_xml.h"

#define DOMAIN_HOSTDEVS_MAX 8 /* the hook tells of as many */

/* Numbers that the XML does not have are 0. */
struct domain_hostdev {
	unsigned int vendor, product, bus, device;
};

/* Where a OneRNG is plugged in now. */
struct domain_usb {
	unsigned int bus, device;
};

/* How many there are in out: the first ones, of what may be more. */
size_t
domain_hostdev_find(const struct domain_xml *xml,
		    struct domain_hostdev out[static DOMAIN_HOSTDEVS_MAX]);

/* Whether it is a OneRNG: by its numbers, else by where one is plugged in. */
bool domain_hostdev_is_onerng(const struct domain_hostdev *h,
			      const struct domain_usb *plugged, size_t count);

/* libvirt takes whichever has these numbers, not the one at an address. */
bool domain_hostdev_is_any(const struct domain_hostdev *h);

/* Of two that are OneRNGs: may they be the same one? */
bool domain_hostdev_may_be_same(const struct domain_hostdev *a,
				const struct domain_hostdev *b);

#endif /* LIBVIRT_XML_DOMAIN_HOSTDEV_H */
