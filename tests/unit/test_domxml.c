#include "hooks/domxml.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/testrand.h"

#define RUN_DIR "/run/onerng"
#define UUID	"6f6e6572-6e67-4000-8000-000000000001"
#define OTHER	"6f6e6572-6e67-4000-8000-000000000002"
#define OWN	RUN_DIR "/kvm/" UUID ".sock"

#define RNG(path)                                                              \
	"<rng model='virtio'><backend model='egd' type='unix'><source "        \
	"mode='connect' path='" path "'><reconnect enabled='yes' timeout='1'/" \
	"></source></backend></rng>"
#define DOMAIN(devices)                                      \
	"<domain type='kvm'>\n <name>x</name>\n <uuid>" UUID \
	"</uuid>\n <devices>" devices "</devices>\n</domain>\n"

static struct domxml facts;

static int scan(const char *xml)
{
	return domxml_scan(&facts, xml, strlen(xml), RUN_DIR);
}

static void takes(const char *xml)
{
	cr_assert_eq(scan(xml), 0, "refused: %s", xml);
}

static void refuses(const char *xml)
{
	cr_assert_eq(scan(xml), -EINVAL, "taken: %s", xml);
}

Test(domxml, uuid_and_socket_are_found)
{
	static const char xml[] = DOMAIN(RNG(OWN));

	takes(xml);
	cr_assert_str_eq(facts.uuid, UUID);
	cr_assert_eq(facts.sockets, 1);
	cr_assert_str_eq(facts.path, OWN);
	cr_assert(!memcmp(xml + facts.path_at, OWN, facts.path_len));
	cr_assert_eq(facts.usb_count, 0);
}

Test(domxml, uuid_is_told_in_lower_case)
{
	takes("<domain><uuid>\n 6F6E6572-6E67-4000-8000-00000000000A "
	      "</uuid></domain>");
	cr_assert_str_eq(facts.uuid, "6f6e6572-6e67-4000-8000-00000000000a");
}

Test(domxml, a_uuid_without_dashes_is_one)
{
	takes("\xef\xbb\xbf<domain><uuid>6F6E65726E674000800000000000000A"
	      "</uuid></domain>");
	cr_assert_str_eq(facts.uuid, "6f6e6572-6e67-4000-8000-00000000000a");
	refuses("<domain><uuid>6F6E65726E674000800000000000000</uuid>"
		"</domain>");
}

Test(domxml, a_domain_without_anything_of_ours_is_a_domain)
{
	takes("<domain/>");
	cr_assert_str_eq(facts.uuid, "");
	takes("<?xml version='1.0'?>\n<!-- a -->\n<domain></domain>\n<!--b-->");
	takes(DOMAIN("<rng><backend model='random'>/dev/urandom</backend>"
		     "</rng>"));
	cr_assert_eq(facts.sockets, 0);
}

Test(domxml, sockets_of_ours_are_told_from_others)
{
	takes(DOMAIN(RNG("/run/elsewhere/kvm/" UUID ".sock")));
	cr_assert_eq(facts.sockets, 1);
	takes(DOMAIN(RNG(RUN_DIR "/kvm/" OTHER ".sock")));
	cr_assert_eq(facts.sockets, 1);
	takes(DOMAIN(RNG(OWN) RNG(OWN)));
	cr_assert_eq(facts.sockets, 2);
	takes(DOMAIN(RNG("/run/elsewhere/kvm/" OTHER ".sock")));
	cr_assert_eq(facts.sockets, 0);
	takes(DOMAIN(RNG(RUN_DIR "/kvm/../" UUID ".sock")));
	cr_assert_eq(facts.sockets, 0);
	takes(DOMAIN(RNG(RUN_DIR "/host.sock")));
	cr_assert_eq(facts.sockets, 0);
	takes(DOMAIN(RNG(RUN_DIR "/kvm/a&amp;b.sock")));
	cr_assert_eq(facts.sockets, 0);
	takes(DOMAIN(RNG("")));
	cr_assert_eq(facts.sockets, 0);
	takes(DOMAIN(RNG("kvm/" UUID ".sock")));
	cr_assert_eq(facts.sockets, 0);
}

Test(domxml, a_path_that_fits_no_address_is_not_ours)
{
	char xml[1024], dir[128];
	size_t len;

	for (len = 60; len < 64; len++) {
		memset(dir, 'x', sizeof(dir));
		dir[0] = '/';
		dir[len] = '\0';
		snprintf(xml, sizeof(xml), DOMAIN(RNG("%s/kvm/" UUID ".sock")),
			 dir);
		takes(xml);
		cr_assert_eq(facts.sockets, len + strlen("/kvm/" UUID ".sock") <
						    DOMXML_PATH_MAX);
	}
}

Test(domxml, what_stands_elsewhere_is_not_believed)
{
	takes("<domain><metadata><uuid>" OTHER "</uuid><devices>" RNG(
		OWN) "</devices></metadata><!-- <uuid>" OTHER "</uuid> -->"
		     "<description><![CDATA[<uuid>" OTHER
		     "</uuid>]]></description>"
		     "<uuid>" UUID "</uuid></domain>");
	cr_assert_str_eq(facts.uuid, UUID);
	cr_assert_eq(facts.sockets, 0);
}

Test(domxml, usb_devices_are_told_with_their_numbers)
{
	takes(DOMAIN(
		"<hostdev mode='subsystem' type='usb'><source><vendor "
		"id='0x1d50'/><product id='0x6086'/></source></hostdev>"
		"<hostdev type='usb'><source><address bus='1' device='7'/>"
		"</source><address type='usb' bus='9' port='2'/></hostdev>"
		"<hostdev type='pci'><source><address bus='0x03'/></source>"
		"</hostdev>"));
	cr_assert_eq(facts.usb_count, 2);
	cr_assert_eq(facts.usb[0].vendor, 0x1d50);
	cr_assert_eq(facts.usb[0].product, 0x6086);
	cr_assert_eq(facts.usb[0].bus, 0);
	cr_assert_eq(facts.usb[1].vendor, 0);
	cr_assert_eq(facts.usb[1].bus, 1);
	cr_assert_eq(facts.usb[1].device, 7);
}

Test(domxml, more_usb_devices_than_there_is_room_for_are_not_told)
{
	char xml[4096] = "<domain><devices>";
	int i;

	for (i = 0; i < DOMXML_USB_MAX + 2; i++)
		strcat(xml, "<hostdev type='usb'><source><address bus='1' "
			    "device='2'/></source></hostdev>");
	strcat(xml, "</devices></domain>");
	takes(xml);
	cr_assert_eq(facts.usb_count, DOMXML_USB_MAX);
}

Test(domxml, what_is_not_well_formed_is_refused)
{
	refuses("");
	refuses(" ");
	refuses("<");
	refuses("<domain");
	refuses("<domain>");
	refuses("<domain></domains>");
	refuses("</domain>");
	refuses("<domain></domain></domain>");
	refuses("<domain/><domain/>");
	refuses("<domain/>x");
	refuses("<network/>");
	refuses("<domain a/>");
	refuses("<domain a=b/>");
	refuses("<domain a='b/>");
	refuses("<domain a='<'/>");
	refuses("<domain><!-- </domain>");
	refuses("<domain><![CDATA[</domain>");
	refuses("<!DOCTYPE domain><domain/>");
	refuses("<domain><uuid>x</uuid></domain>");
	refuses("<domain><uuid>" UUID "</uuid><uuid>" UUID "</uuid></domain>");
	refuses("<domain><uuid>" UUID "0</uuid></domain>");
}

#define DEEP   (4 * DOMXML_DEPTH)
#define LONG   300
#define POLICY "<o:policy xmlns:o='urn:onerng-virt:policy:1' weight='7'/>"

/* A domain with that in its metadata, before a policy and all else. */
static int scan_with(const char *begin, const char *end)
{
	char xml[8192];

	snprintf(xml, sizeof(xml),
		 "<domain><metadata>%s%s" POLICY "</metadata><uuid>" UUID
		 "</uuid></domain>",
		 begin, end);
	return scan(xml);
}

Test(domxml, what_is_too_deep_is_passed_over)
{
	char begin[4 * DEEP] = "", end[8 * DEEP] = "";
	int i;

	for (i = 0; i < DEEP; i++) {
		strcat(begin, "<a>");
		strcat(end, "</a>");
	}
	cr_assert_eq(scan_with(begin, end), 0);
	cr_assert_str_eq(facts.uuid, UUID);
	cr_assert_eq(facts.policy.weight, 7);
	cr_assert_eq(scan_with(begin, end + 4), -EINVAL);
	strcat(end, "</a>");
	cr_assert_eq(scan_with(begin, end), -EINVAL);
}

Test(domxml, what_has_a_long_name_is_passed_over)
{
	char name[LONG + 1], begin[3 * LONG], end[3 * LONG];

	memset(name, 'n', LONG);
	name[LONG] = '\0';
	snprintf(begin, sizeof(begin), "<a><%s weight='1'><uuid>no", name);
	snprintf(end, sizeof(end), "</uuid><b/></%s><%s/></a>", name, name);
	cr_assert_eq(scan_with(begin, end), 0);
	cr_assert_str_eq(facts.uuid, UUID);
	cr_assert_eq(facts.policy.weight, 7);
	/* it might be a policy, of which there may be one */
	cr_assert_eq(scan_with(begin + 3, "</uuid></n>"), 0);
	cr_assert(facts.policy.senseless);
}

Test(domxml, every_piece_and_every_damage_is_survived)
{
	static const char xml[] = DOMAIN(RNG(OWN));
	struct testrand rng;
	char *copy;
	size_t len, i;

	for (len = 0; len < sizeof(xml) - 2; len++) {
		/* of its own size, so that a sanitizer sees its end */
		copy = malloc(len ? len : 1);
		memcpy(copy, xml, len);
		cr_assert_eq(domxml_scan(&facts, copy, len, RUN_DIR), -EINVAL);
		free(copy);
	}
	rng = testrand_new("domxml");
	for (i = 0; i < 20000; i++) {
		copy = strdup(xml);
		copy[testrand_u64(&rng) % (sizeof(xml) - 1)] =
			(char)testrand_u64(&rng);
		copy[testrand_u64(&rng) % (sizeof(xml) - 1)] =
			(char)testrand_u64(&rng);
		len = sizeof(xml) - 1;
		if (domxml_scan(&facts, copy, len, RUN_DIR) == 0 &&
		    facts.sockets)
			cr_assert(facts.path_at + facts.path_len <= len);
		free(copy);
	}
}

Test(domxml, the_agents_socket_has_an_address)
{
	char path[DOMXML_PATH_MAX], dir[80];

	cr_assert_eq(domxml_socket(path, RUN_DIR, UUID), 0);
	cr_assert_str_eq(path, OWN);
	cr_assert_eq(domxml_socket(path, RUN_DIR, ""), -EINVAL);
	memset(dir, 'x', sizeof(dir));
	dir[sizeof(dir) - 1] = '\0';
	cr_assert_eq(domxml_socket(path, dir, UUID), -EINVAL);
}
