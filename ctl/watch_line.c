#include "ctl/watch_line.h"

#include <string.h>

#include "libvirt-xml/domain_hostdev.h"
#include "libvirt-xml/domain_policy.h"
#include "libvirt-xml/domain_rng.h"

#define NAME_MAX_LEN 255

/* For people: the UUID is the key. */
static void printable(char out[static NAME_MAX_LEN + 1], const char *name)
{
	size_t i;

	for (i = 0; i < NAME_MAX_LEN && name[i]; i++)
		out[i] = name[i] >= ' ' && name[i] <= '~' ? name[i] : '?';
	out[i] = '\0';
}

static void add_number(json_t *o, const char *key, bool has,
		       unsigned long long n)
{
	if (has)
		json_object_set_new(o, key, json_integer((json_int_t)n));
}

/* An empty object: there is none, or none that is understood. */
static json_t *policy_of(const struct domain_xml *xml, struct domain_error *why)
{
	struct domain_policy p;
	json_t *o;

	if (domain_policy_salvage(xml, &p, why) < 0)
		p = (struct domain_policy){ 0 };
	o = json_pack("{s:s*, s:s*}", "class", p.class, "when_absent",
		      p.when_absent);
	add_number(o, "rate", p.has_rate, p.rate);
	add_number(o, "burst", p.has_burst, p.burst);
	add_number(o, "weight", p.has_weight, p.weight);
	return o;
}

/* NULL: nothing is passed through. */
static json_t *usb_of(const struct domain_xml *xml)
{
	struct domain_hostdev usb[DOMAIN_HOSTDEVS_MAX];
	size_t i, n = domain_hostdev_find(xml, usb);
	json_t *list = n ? json_array() : NULL;

	for (i = 0; i < n; i++)
		json_array_append_new(
			list, json_pack("[i,i,i,i]", (int)usb[i].vendor,
					(int)usb[i].product, (int)usb[i].bus,
					(int)usb[i].device));
	return list;
}

static void add_facts(json_t *o, const char *text, const char *run_dir,
		      struct domain_error *why)
{
	struct domain_xml *xml = domain_xml_parse(text, strlen(text), why);
	struct domain_error ignored;
	struct domain_rng rng;
	json_t *usb;

	if (!xml)
		return;
	if (domain_rng_find(xml, run_dir, &rng, &ignored) == 0 && rng.count)
		json_object_set_new(o, "socket", json_string(rng.path));
	json_object_set_new(o, "policy", policy_of(xml, why));
	usb = usb_of(xml);
	if (usb)
		json_object_set_new(o, "usb", usb);
	domain_xml_free(xml);
}

json_t *watch_line(const struct virt_seen *seen, const char *run_dir,
		   struct domain_error *why)
{
	static const char *const states[] = {
		[VIRT_SEEN_RUNNING] = "running",
		[VIRT_SEEN_DOWN] = "down",
		[VIRT_SEEN_UNDEFINED] = "undefined",
	};
	char name[NAME_MAX_LEN + 1];
	json_t *o;

	*why = (struct domain_error){ 0 };
	printable(name, seen->name);
	o = json_pack("{s:s, s:s, s:s*, s:s}", "op", "domain", "uuid",
		      seen->uuid, "name", *name ? name : NULL, "state",
		      states[seen->state]);
	if (o && seen->xml)
		add_facts(o, seen->xml, run_dir, why);
	return o;
}
