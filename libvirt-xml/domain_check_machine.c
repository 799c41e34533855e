/* The machine around the <rng>: its age, its slots, how it learns of clones. */
#include "libvirt-xml/domain_finding.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * QEMU deprecates a versioned machine type three years after its release and
 * removes it after six (docs/about/deprecated.rst); 5.0 is of April 2020.
 */
#define OLD_MAJOR 5

#define BUSES 256
#define SLOTS 32

static const struct finding_rule old_machine = {
	"machine-old", FINDING_WARNING,
	"QEMU removes machine types six years after their release; the domain "
	"then no longer starts",
	"virsh edit %s"
};
static const struct finding_rule no_port = {
	"pci-slots", FINDING_WARNING,
	"nothing can be attached while the domain runs (\"No more available "
	"PCI slots\")",
	"virt-xml %s --add-device --controller type=pci,model=pcie-root-port"
};
static const struct finding_rule no_slot = {
	"pci-slots", FINDING_WARNING,
	"nothing can be attached while the domain runs (\"No more available "
	"PCI slots\")",
	"virt-xml %s --add-device --controller type=pci,model=pci-bridge"
};
static const struct finding_rule saved_state = {
	"managed-save", FINDING_NOTE,
	"the next start goes on with the XML that the domain had when it was "
	"saved: a change of its configuration since then waits until that is "
	"used up or thrown away",
	"virsh managedsave-remove %s"
};
static const struct finding_rule rtc_guest = {
	"rtc-track-guest", FINDING_WARNING,
	"the real-time clock stands while the domain is saved: without "
	"<genid/>, nothing tells a guest that it was restored, and it goes on "
	"with random numbers that another copy may have used",
	"virsh edit %s"
};
static const struct finding_rule no_genid = {
	"no-genid", FINDING_NOTE,
	"nothing tells the guest's kernel that it was cloned, or restored once "
	"more: until its agent sees that by the clock, or it reseeds by itself, "
	"it gives the random numbers that the other copy gave, too",
	"virt-xml %s --edit --metadata genid_enable=yes"
};

static const char *machine_of(const struct domain_xml *xml)
{
	const xmlNode *os = domain_node_child(xml->root, "os");
	const char *machine =
		domain_node_attr(domain_node_child(os, "type"), "machine");

	return machine ? machine : "";
}

static bool starts(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

static bool is_old(const char *machine)
{
	const char *version = strrchr(machine, '-');
	unsigned int major, minor;

	if (!version)
		return false;
	version++;
	return starts(version, "rhel6.") || starts(version, "rhel7.") ||
	       (sscanf(version, "%3u.%3u", &major, &minor) == 2 &&
		major < OLD_MAJOR);
}

static void check_age(struct domain_checking *c)
{
	const xmlNode *os = domain_node_child(c->xml->root, "os");
	const char *machine = machine_of(c->xml);

	if (is_old(machine))
		domain_finding_add(c, &old_machine, os,
				   "machine type %s is old", machine);
}

static bool is_pc(const char *machine)
{
	return !strcmp(machine, "pc") || starts(machine, "pc-");
}

/* Which slots of which bus have a device in them. */
struct slots {
	uint32_t used[BUSES];
	bool any;
};

static unsigned long number(const xmlNode *node, const char *name)
{
	const char *s = domain_node_attr(node, name);

	return s ? strtoul(s, NULL, 0) : 0;
}

static void read_slots(const xmlNode *devices, struct slots *slots)
{
	for (const xmlNode *d = devices->children; d; d = d->next) {
		const xmlNode *a = domain_node_child(d, "address");
		unsigned long bus, slot;

		if (d->type != XML_ELEMENT_NODE ||
		    !domain_node_attr_is(a, "type", "pci"))
			continue;
		bus = number(a, "bus");
		slot = number(a, "slot");
		if (bus >= BUSES || slot >= SLOTS)
			continue;
		slots->used[bus] |= 1u << slot;
		slots->any = true;
	}
}

static const xmlNode *next_pci(const xmlNode *controller)
{
	while (controller && !domain_node_attr_is(controller, "type", "pci"))
		controller = domain_node_next(controller);
	return controller;
}

static bool is_port(const xmlNode *controller)
{
	return domain_node_attr_is(controller, "model", "pcie-root-port") ||
	       domain_node_attr_is(controller, "model",
				   "pcie-switch-downstream-port");
}

/* PCI Express: a device is plugged into a port, one into each. */
static void check_ports(struct domain_checking *c, const xmlNode *devices,
			const struct slots *slots)
{
	unsigned int ports = 0, spare = 0;
	unsigned long index;

	for (const xmlNode *d =
		     next_pci(domain_node_child(devices, "controller"));
	     d; d = next_pci(domain_node_next(d))) {
		index = number(d, "index");
		if (!is_port(d) || index >= BUSES)
			continue;
		ports++;
		spare += !slots->used[index];
	}
	if (!spare)
		domain_finding_add(c, &no_port, devices,
				   "none of %u pcie-root-ports is free", ports);
}

/* Slot 0 of bus 0 is the host bridge, slot 0 of a bridge its hot-plug. */
static void check_conventional(struct domain_checking *c,
			       const xmlNode *devices,
			       const struct slots *slots)
{
	bool spare = (slots->used[0] | 1u) != UINT32_MAX;
	unsigned long index;

	for (const xmlNode *d =
		     next_pci(domain_node_child(devices, "controller"));
	     d; d = next_pci(domain_node_next(d))) {
		index = number(d, "index");
		if (domain_node_attr_is(d, "model", "pci-bridge") &&
		    index < BUSES && (slots->used[index] | 1u) != UINT32_MAX)
			spare = true;
	}
	if (!spare)
		domain_finding_add(c, &no_slot, devices, "no free PCI slot");
}

/* Without addresses, libvirt gives them out, and makes room, at define. */
static void check_slots(struct domain_checking *c)
{
	const xmlNode *devices = domain_node_child(c->xml->root, "devices");
	const char *machine = machine_of(c->xml);
	struct slots slots = { 0 };

	if (!devices || c->our_rng)
		return;
	read_slots(devices, &slots);
	if (!slots.any)
		return;
	if (strstr(machine, "q35") || starts(machine, "virt"))
		check_ports(c, devices, &slots);
	else if (is_pc(machine))
		check_conventional(c, devices, &slots);
}

static const xmlNode *rtc_of_guest(const struct domain_xml *xml)
{
	const xmlNode *clock = domain_node_child(xml->root, "clock");
	const xmlNode *timer = domain_node_child(clock, "timer");

	for (; timer; timer = domain_node_next(timer))
		if (domain_node_attr_is(timer, "name", "rtc") &&
		    domain_node_attr_is(timer, "track", "guest"))
			return timer;
	return NULL;
}

/*
 * QEMU 7.2 has the device for PCs alone; the guest finds it by ACPI.  The
 * oldest of their types cannot have it.
 */
static bool may_have_genid(const struct domain_xml *xml)
{
	const xmlNode *features = domain_node_child(xml->root, "features");
	const char *machine = machine_of(xml);

	return (is_pc(machine) || !strcmp(machine, "q35")) &&
	       !is_old(machine) && domain_node_child(features, "acpi");
}

/* How a guest learns that it was restored or cloned. */
static void check_clones(struct domain_checking *c)
{
	const xmlNode *timer = rtc_of_guest(c->xml);

	if (!c->our_rng || domain_node_child(c->xml->root, "genid"))
		return;
	if (timer)
		domain_finding_add(c, &rtc_guest, timer,
				   "the rtc follows the guest, and there is no "
				   "<genid/>");
	else if (may_have_genid(c->xml))
		domain_finding_add(c, &no_genid, NULL, "no <genid/>");
}

void domain_check_machine(struct domain_checking *c)
{
	check_slots(c);
	check_age(c);
	check_clones(c);
	if (c->facts->saved)
		domain_finding_add(c, &saved_state, NULL,
				   "libvirt has a saved state of it");
}
