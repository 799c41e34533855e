/* A OneRNG that is passed through: what else wants it. */
#include "libvirt-xml/domain_finding.h"

#include <string.h>

#define EDIT "virsh edit %s"

static const struct finding_rule takes = {
	"usb-takes-device", FINDING_WARNING,
	"while this domain runs, the host agent is without this device, and "
	"what the other domains get follows their when-absent policy",
	EDIT
};
static const struct finding_rule collides = {
	"usb-collision", FINDING_ERROR,
	"this domain takes away the very device that its <rng> is served from; "
	"one of the two has to go",
	EDIT
};
static const struct finding_rule ambiguous = {
	"usb-ambiguous", FINDING_ERROR,
	"libvirt does not start a domain whose numbers more than one device "
	"has (\"use <address> to specify one\"): put <address bus= device=> "
	"into its <source>, and anew after each replug; or leave one OneRNG "
	"plugged in",
	EDIT
};
static const struct finding_rule shared = {
	"usb-shared", FINDING_WARNING,
	"while one of them runs with it, the other does not start (\"is in use "
	"by\"): each needs a OneRNG of its own, by <address>, or the host "
	"agent's <rng>",
	EDIT
};

#define CHANGES                                                            \
	"the number in device= is another one after each replug and each " \
	"start of the host"
#define BY_NUMBERS                                                        \
	"put <vendor id='0x1d50'/> and <product id='0x6086'/> into its "  \
	"<source> in place of <address>; startupPolicy='optional' there " \
	"lets it start without a OneRNG"
#define OF_MANY                                                            \
	"libvirt tells OneRNGs apart by <address> alone, so it has to be " \
	"put right each time (lsusb -d 1d50:6086), unless one OneRNG is "  \
	"left in the host, or the domain is given the host agent's <rng>"

static const struct finding_rule by_address = {
	"usb-by-address", FINDING_WARNING,
	CHANGES ": then the domain does not start, or gets whatever has the "
		"number then; " BY_NUMBERS,
	EDIT
};
static const struct finding_rule by_address_of_many = {
	"usb-by-address", FINDING_WARNING,
	CHANGES ": then the domain does not start, or gets whatever has the "
		"number then; " OF_MANY,
	EDIT
};
static const struct finding_rule stale = {
	"usb-address-stale", FINDING_ERROR,
	CHANGES ": libvirt does not start the domain, or, with "
		"startupPolicy='optional', starts it without; " BY_NUMBERS,
	EDIT
};
static const struct finding_rule stale_of_many = {
	"usb-address-stale", FINDING_ERROR,
	CHANGES ": libvirt does not start the domain, or, with "
		"startupPolicy='optional', starts it without; " OF_MANY,
	EDIT
};
static const struct finding_rule perhaps_stale = {
	"usb-address-stale", FINDING_NOTE,
	CHANGES ": if a OneRNG was meant, " BY_NUMBERS, EDIT
};

/* Domains beside this one that may want the same. */
struct rivals {
	const struct domain_claim *first; /* one that runs if any does */
	size_t more;
};

static bool is_rival(const struct domain_checking *c,
		     const struct domain_claim *claim,
		     const struct domain_hostdev *own)
{
	return strcmp(claim->uuid, domain_xml_uuid(c->xml)) != 0 &&
	       domain_hostdev_may_be_same(&claim->usb, own);
}

static struct rivals find_rivals(const struct domain_checking *c,
				 const struct domain_hostdev *own)
{
	const struct domain_facts *f = c->facts;
	const struct domain_claim *last = NULL;
	struct rivals r = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < f->claim_count; i++) {
		const struct domain_claim *claim = &f->claims[i];

		if (!is_rival(c, claim, own))
			continue;
		count += !last || strcmp(last->uuid, claim->uuid) != 0;
		last = claim;
		if (!r.first || (claim->running && !r.first->running))
			r.first = claim;
	}
	r.more = count ? count - 1 : 0;
	return r;
}

static void check_rivals(struct domain_checking *c, const xmlNode *node,
			 const struct domain_hostdev *own)
{
	struct rivals r = find_rivals(c, own);
	char more[48] = "";

	if (!r.first)
		return;
	if (r.more)
		snprintf(more, sizeof(more), " and %zu more", r.more);
	domain_finding_add(c, &shared, node,
			   "the OneRNG may be the one passed through to %s%s%s",
			   r.first->name, r.first->running ? " (runs)" : "",
			   more);
}

static bool is_at(const struct domain_hostdev *own,
		  const struct domain_usb *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (own->bus == list[i].bus && own->device == list[i].device)
			return true;
	return false;
}

/*
 * What runs has the address that libvirt found by the numbers, too: beside
 * them it says nothing there.
 */
static bool was_found(const struct domain_checking *c,
		      const struct domain_hostdev *own)
{
	return own->vendor && c->facts->side != DOMAIN_SIDE_CONFIG;
}

static void check_address(struct domain_checking *c, const xmlNode *node,
			  const struct domain_hostdev *own)
{
	const struct domain_facts *f = c->facts;
	bool many = f->onerng_count > 1;

	if (domain_hostdev_is_any(own) || was_found(c, own))
		return;
	if (f->usb_count && !is_at(own, f->onerngs, f->onerng_count))
		domain_finding_add(c, many ? &stale_of_many : &stale, node,
				   "a OneRNG by its address, bus %u device %u, "
				   "where none is plugged in",
				   own->bus, own->device);
	else
		domain_finding_add(c, many ? &by_address_of_many : &by_address,
				   node,
				   "a OneRNG by its address, bus %u device %u",
				   own->bus, own->device);
}

/* Whose address leads nowhere: what was there cannot be known any more. */
static void check_lost(struct domain_checking *c, const xmlNode *node,
		       const struct domain_hostdev *own)
{
	const struct domain_facts *f = c->facts;

	if (own->vendor || own->product || domain_hostdev_is_any(own) ||
	    !f->usb_count || is_at(own, f->usb, f->usb_count))
		return;
	domain_finding_add(c, &perhaps_stale, node,
			   "a USB device by its address, bus %u device %u, "
			   "where nothing is plugged in",
			   own->bus, own->device);
}

static void check_onerng(struct domain_checking *c, const xmlNode *node,
			 const struct domain_hostdev *own)
{
	if (c->our_rng)
		domain_finding_add(c, &collides, node,
				   "a OneRNG is passed through beside the "
				   "<rng>");
	else
		domain_finding_add(c, &takes, node,
				   "a OneRNG is passed through");
	if (domain_hostdev_is_any(own) && c->facts->onerng_count > 1)
		domain_finding_add(c, &ambiguous, node,
				   "any OneRNG, of which %zu are plugged in",
				   c->facts->onerng_count);
	check_address(c, node, own);
	check_rivals(c, node, own);
}

void domain_check_usb(struct domain_checking *c)
{
	const xmlNode *devices = domain_node_child(c->xml->root, "devices");
	const struct domain_facts *f = c->facts;
	struct domain_hostdev own;

	for (const xmlNode *d = domain_node_child(devices, "hostdev"); d;
	     d = domain_node_next(d)) {
		if (!domain_hostdev_of(d, &own))
			continue;
		if (domain_hostdev_is_onerng(&own, f->onerngs, f->onerng_count))
			check_onerng(c, d, &own);
		else
			check_lost(c, d, &own);
	}
}
