/*
 * domain_finding.h - inside the library: rules of the linter and their findings
 */
#ifndef LIBVIRT_XML_DOMAIN_FINDING_H
#define LIBVIRT_XML_DOMAIN_FINDING_H

#include "libvirt-xml/domain_check.h"
#include "libvirt-xml/domain_hostdev.h"
#include "libvirt-xml/domain_node.h"
#include "libvirt-xml/domain_rng.h"
#include "libvirt-xml/domain_search.h"

#define DOMAIN_ATTACH_LIVE "onerngctl domain attach %s --live"

struct domain_checking {
	const struct domain_xml *xml;
	const struct domain_facts *facts;
	struct findings *findings;
	struct domain_search search; /* socket is "" without a uuid */
	const char *ref;	     /* name, or uuid if a shell minds it */
	struct domain_rng ours;
	const xmlNode *our_rng; /* the first; NULL */
};

/* node NULL: about no line. */
void domain_finding_add(struct domain_checking *c,
			const struct finding_rule *rule, const xmlNode *node,
			const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* A <hostdev>; false if that is no USB device's. */
bool domain_hostdev_of(const xmlNode *node, struct domain_hostdev *out);

/* The parts of the check. */
void domain_check_rngs(struct domain_checking *c);
void domain_check_socket(struct domain_checking *c);
void domain_check_machine(struct domain_checking *c);
void domain_check_usb(struct domain_checking *c);

#endif /* LIBVIRT_XML_DOMAIN_FINDING_H */
