#include "libvirt-xml/domain_rng.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#define UUID	"6f0c1d0e-2a3b-4c5d-8e9f-0123456789ab"
#define OTHER	"6f0c1d0e-2a3b-4c5d-8e9f-0123456789ac"
#define HEAD	"<domain>\n<uuid>" UUID "</uuid>\n<devices>\n"
#define TAIL	"</devices></domain>"
#define RUN_DIR "/run/onerng"
#define SOCKET	RUN_DIR "/kvm/" UUID ".sock"
#define RNG(attributes, rest)                                   \
	"<rng model='virtio'><backend model='egd' type='unix'>" \
	"<source " attributes "</source></backend>" rest "</rng>"
#define RECONNECT "<reconnect enabled='yes' timeout='1'/>"
#define GOOD	  RNG("mode='connect' path='" SOCKET "'>" RECONNECT, "")

static struct domain_error error;

static struct domain_xml *parse(const char *text)
{
	struct domain_xml *xml = domain_xml_parse(text, strlen(text), &error);

	cr_assert(xml, "%u: %s", error.line, error.text);
	return xml;
}

static struct domain_rng find(const char *text)
{
	struct domain_xml *xml = parse(text);
	struct domain_rng rng;

	cr_assert_eq(domain_rng_find(xml, RUN_DIR, &rng, &error), 0);
	rng.path = rng.alias = NULL;
	domain_xml_free(xml);
	return rng;
}

static void refused(const char *text, unsigned int line, const char *words)
{
	struct domain_xml *xml = parse(text);
	char *out;

	cr_assert_eq(domain_rng_attach(xml, RUN_DIR, NULL, &out, &error),
		     -EINVAL);
	cr_assert_null(out);
	cr_expect_eq(error.line, line, "%u: %s", error.line, error.text);
	cr_expect(strstr(error.text, words), "%s", error.text);
	domain_xml_free(xml);
}

/* What attach makes of <devices> with that in it. */
static void mended(const char *before, const char *after)
{
	char text[2048];
	struct domain_xml *xml;
	char *out;

	snprintf(text, sizeof(text), HEAD "%s" TAIL, before);
	xml = parse(text);
	snprintf(text, sizeof(text), HEAD "%s" TAIL, after);
	cr_assert_eq(domain_rng_attach(xml, RUN_DIR, NULL, &out, &error), 1,
		     "%s", error.text);
	cr_expect_str_eq(out, text);
	free(out);
	domain_xml_free(xml);
}

Test(domain_rng, ours_is_known_by_its_path_or_its_alias)
{
	cr_assert_eq(find(HEAD TAIL).count, 0);
	cr_assert_eq(find(HEAD GOOD TAIL).count, 1);
	cr_assert_eq(find(HEAD GOOD TAIL).line, 4);
	cr_assert_eq(find(HEAD GOOD GOOD TAIL).count, 2);
	cr_assert_eq(
		find(HEAD RNG("path='/x'>", "<alias name='ua-onerng0'/>") TAIL)
			.count,
		1);
	cr_assert_eq(find(HEAD RNG("path='/run/onerng/kvm'>", "") TAIL).count,
		     0);
	cr_assert_eq(find(HEAD "<rng><backend model='egd' type='tcp'/>"
			       "<alias name='ua-onerng0'/></rng>" TAIL)
			     .count,
		     0);
}

Test(domain_rng, what_is_wrong_with_ours_is_told)
{
	struct domain_rng rng = find(HEAD GOOD TAIL);

	cr_assert(rng.own_path && rng.connects && rng.reconnects && !rng.rate);
	rng = find(HEAD RNG("mode='bind' path='" RUN_DIR "/kvm/" OTHER
			    ".sock'><reconnect enabled='no'/>",
			    "<rate bytes='1'/>") TAIL);
	cr_assert(!rng.own_path && !rng.connects && !rng.reconnects &&
		  rng.rate);
}

Test(domain_rng, ours_is_mended_where_it_stands)
{
	mended(RNG("mode='connect' path='" SOCKET "'>", ""),
	       RNG("mode='connect' path='" SOCKET "'>" RECONNECT " ", ""));
	mended(RNG("mode = \"bind\"\n path='" SOCKET "'>" RECONNECT, ""),
	       RNG("mode = \"connect\"\n path='" SOCKET "'>" RECONNECT, ""));
	mended(RNG("path='" SOCKET "' >" RECONNECT, ""),
	       RNG("path='" SOCKET "' mode='connect' >" RECONNECT, ""));
	mended(RNG("mode='connect' path='/x' xpath='y'>" RECONNECT,
		   "<alias name='ua-onerng0'/>"),
	       RNG("mode='connect' path='" SOCKET "' xpath='y'>" RECONNECT,
		   "<alias name='ua-onerng0'/>"));
	mended(RNG("mode='connect' path='" SOCKET "'>" RECONNECT,
		   "<!-- a --><rate bytes='1'/><!-- b -->"),
	       RNG("mode='connect' path='" SOCKET "'>" RECONNECT,
		   "<!-- a --><!-- b -->"));
	mended(GOOD "\n" GOOD "\n<a/>", GOOD "\n<a/>");
}

Test(domain_rng, attach_says_what_stands_in_its_way)
{
	refused("<domain>\n<uuid>" UUID "</uuid></domain>", 1, "no <devices>");
	refused("<domain><devices/></domain>", 0, "no <uuid>");
	refused(HEAD "\n<disk><alias name='ua-onerng0'/></disk>" TAIL, 5,
		"another device's (<disk>)");
	refused(HEAD "<rng><backend model='random'/>"
		     "<alias name='ua-onerng0'/></rng>" TAIL,
		4, "another device's (<rng>)");
	refused(HEAD "<rng><backend model='egd' type='unix'/>"
		     "<alias name='ua-onerng0'/></rng>" TAIL,
		4, "no <source>");
}

Test(domain_rng, a_policy_that_is_not_understood_stops_attach_not_detach)
{
	static const struct domain_policy policy = { .class = "seed" };
	struct domain_xml *xml;
	char *out;

	xml = parse("<domain><uuid>" UUID "</uuid>\n<metadata>"
		    "<p:policy xmlns:p='" DOMAIN_POLICY_URI
		    "' rate='much'/></metadata><devices/></domain>");
	cr_assert_eq(domain_rng_attach(xml, RUN_DIR, &policy, &out, &error),
		     -EINVAL);
	cr_assert_null(out);
	cr_assert_eq(error.line, 2);
	cr_assert_eq(domain_rng_detach(xml, RUN_DIR, &out, &error), 1);
	cr_assert_str_eq(out,
			 "<domain><uuid>" UUID "</uuid><devices/></domain>");
	free(out);
	domain_xml_free(xml);
}

Test(domain_rng, the_device_alone_is_the_one_that_is_there)
{
	struct domain_xml *xml = parse(HEAD " " GOOD " " TAIL);
	char *out;

	cr_assert_eq(domain_rng_device(xml, RUN_DIR, &out, &error), 0);
	cr_assert_str_eq(out, GOOD);
	free(out);
	domain_xml_free(xml);
	xml = parse(HEAD TAIL);
	cr_assert_eq(domain_rng_device(xml, RUN_DIR, &out, &error), 0);
	cr_assert(strstr(out, "path='" SOCKET "'"));
	cr_assert(strstr(out, RECONNECT));
	free(out);
	domain_xml_free(xml);
}

Test(domain_rng, an_edit_with_too_many_pieces_is_refused)
{
	char *text = malloc(70 * sizeof(GOOD) + sizeof(HEAD TAIL)), *out;
	struct domain_xml *xml;

	cr_assert(text);
	strcpy(text, HEAD);
	for (int i = 0; i < 70; i++)
		strcat(text, GOOD);
	strcat(text, TAIL);
	xml = parse(text);
	cr_assert_eq(domain_rng_detach(xml, RUN_DIR, &out, &error), -E2BIG);
	cr_assert_null(out);
	domain_xml_free(xml);
	free(text);
}
