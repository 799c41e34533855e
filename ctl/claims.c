#include "ctl/claims.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void add(struct claims *c, const struct virt_domain *d, bool running,
		const struct domain_hostdev *usb)
{
	struct domain_claim *grown =
		reallocarray(c->list, c->count + 1, sizeof(*grown));

	if (!grown)
		return; /* a finding the fewer */
	c->list = grown;
	c->list[c->count++] = (struct domain_claim){ .uuid = d->uuid,
						     .name = d->name,
						     .running = running,
						     .usb = *usb };
}

static void add_side(struct claims *c, struct virt *v,
		     const struct virt_domain *d, enum virt_xml which,
		     const struct domain_facts *host)
{
	struct domain_hostdev usb[DOMAIN_HOSTDEVS_MAX];
	struct domain_error error;
	char why[VIRT_WHY_MAX];
	char *text = virt_xml(v, d, which, why);
	struct domain_xml *xml =
		text ? domain_xml_parse(text, strlen(text), &error) : NULL;
	size_t i, n = xml ? domain_hostdev_find(xml, usb) : 0;

	for (i = 0; i < n; i++)
		if (domain_hostdev_is_onerng(&usb[i], host->onerngs,
					     host->onerng_count))
			add(c, d, which == VIRT_XML_LIVE, &usb[i]);
	domain_xml_free(xml);
	free(text);
}

int claims_gather(struct claims *c, struct virt *v,
		  const struct domain_facts *host,
		  char why[static VIRT_WHY_MAX])
{
	int i;

	*c = (struct claims){ 0 };
	c->domain_count = virt_list(v, &c->domains, why);
	if (c->domain_count < 0) {
		c->domain_count = 0;
		return -EIO;
	}
	for (i = 0; i < c->domain_count; i++) {
		const struct virt_domain *d = &c->domains[i];

		if (d->active)
			add_side(c, v, d, VIRT_XML_LIVE, host);
		if (d->persistent)
			add_side(c, v, d, VIRT_XML_CONFIG, host);
	}
	return 0;
}

void claims_release(struct claims *c, struct virt *v)
{
	virt_list_free(v, c->domains, c->domain_count);
	free(c->list);
	*c = (struct claims){ 0 };
}
