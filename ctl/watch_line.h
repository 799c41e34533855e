/*
 * watch_line.h - what is seen of a domain, as it is said to the host agent
 */
#ifndef CTL_WATCH_LINE_H
#define CTL_WATCH_LINE_H

#include <jansson.h>

#include "ctl/virt_watch.h"
#include "libvirt-xml/domain_xml.h"

/*
 * A line of host-agent/domwatch_line.h; NULL: out of memory.  *why is what of
 * the domain is not understood and left out, else empty.
 */
json_t *watch_line(const struct virt_seen *seen, const char *run_dir,
		   struct domain_error *why);

#endif /* CTL_WATCH_LINE_H */
