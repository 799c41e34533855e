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
	"into its <source>",
	EDIT
};
static const struct finding_rule shared = {
	"usb-shared", FINDING_WARNING,
	"while one of them runs with it, the other does not start (\"is in use "
	"by\"): each needs a OneRNG of its own, by <address>, or the host "
	"agent's <rng>",
	EDIT
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
	check_rivals(c, node, own);
}

void domain_check_usb(struct domain_checking *c)
{
	const xmlNode *devices = domain_node_child(c->xml->root, "devices");
	const struct domain_facts *f = c->facts;
	struct domain_hostdev own;

	for (const xmlNode *d = domain_node_child(devices, "hostdev"); d;
	     d = domain_node_next(d))
		if (domain_hostdev_of(d, &own) &&
		    domain_hostdev_is_onerng(&own, f->onerngs, f->onerng_count))
			check_onerng(c, d, &own);
}
