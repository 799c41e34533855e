#include "hooks/domxml.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/policy.h"
#include "libvirt-xml/domain_policy.h"

#define UUID  "6f6e6572-6e67-4000-8000-000000000001"
#define BOUND "xmlns:onerng='" POLICY_URI "'"
#define FULL                                                            \
	"class='drbg' rate='4096' burst='65536' weight='2' when-absent" \
	"='kernel'"
#define DOMAIN(metadata)                    \
	"<domain type='kvm'>\n <uuid>" UUID \
	"</uuid>\n <metadata>\n  " metadata "\n </metadata>\n</domain>\n"
#define POLICY(attributes) DOMAIN("<onerng:policy " BOUND " " attributes "/>")

static struct domxml facts;
static const struct policy *const p = &facts.policy;

static void scan(const char *xml)
{
	cr_assert_eq(domxml_scan(&facts, xml, strlen(xml), "/run/onerng"), 0,
		     "refused: %s", xml);
}

static void is_full(const char *xml)
{
	scan(xml);
	cr_assert_str_eq(p->class, "drbg", "%s", xml);
	cr_assert_str_eq(p->when_absent, "kernel");
	cr_assert(p->has_rate && p->has_burst && p->has_weight);
	cr_assert_eq(p->rate, 4096);
	cr_assert_eq(p->burst, 65536);
	cr_assert_eq(p->weight, 2);
	cr_assert(!p->senseless, "%s", xml);
}

static bool is_empty(void)
{
	return !p->class[0] && !p->when_absent[0] && !p->has_rate &&
	       !p->has_burst && !p->has_weight;
}

static void is_none(const char *xml)
{
	scan(xml);
	cr_assert(is_empty(), "%s", xml);
	cr_assert(!p->senseless, "%s", xml);
}

/* It cannot be known what was meant. */
static void is_blurred(const char *xml)
{
	scan(xml);
	cr_assert(is_empty(), "%s", xml);
	cr_assert(p->senseless, "%s", xml);
}

Test(hook_policy, every_attribute_is_taken)
{
	is_full(POLICY(FULL));
	is_full(DOMAIN("<onerng:policy " FULL " " BOUND ">\n<!-- why -->\n"
		       "</onerng:policy>"));
}

Test(hook_policy, the_prefix_is_anyones_choice)
{
	is_full(DOMAIN("<policy xmlns='" POLICY_URI "' " FULL "/>"));
	is_full(DOMAIN("<x:policy xmlns:x=\"" POLICY_URI "\" " FULL "/>"));
	is_full("<domain xmlns:o='" POLICY_URI "'><metadata><o:policy " FULL
		"/></metadata></domain>");
	is_full("<domain><metadata xmlns:o='" POLICY_URI "'><o:policy " FULL
		"/></metadata></domain>");
}

Test(hook_policy, another_binding_of_the_prefix_is_another_element)
{
	is_none(DOMAIN("<onerng:policy " FULL "/>"));
	is_none(DOMAIN("<policy " FULL "/>"));
	is_none("<domain xmlns:o='" POLICY_URI "'><metadata><o:policy "
		"xmlns:o='urn:other' " FULL "/></metadata></domain>");
	is_none(DOMAIN("<xml:policy xmlns:xml='" POLICY_URI "' " FULL "/>"));
	is_none(DOMAIN("<o:2policy xmlns:o='" POLICY_URI "' " FULL "/>"));
	is_full("<domain xmlns:o='" POLICY_URI "'><metadata><o:policy "
		"xmlns:o='' " FULL "/></metadata></domain>");
	/* what an element binds ends with it */
	is_none(DOMAIN("<a:a xmlns:a='urn:a' xmlns:o='" POLICY_URI "'/>"
		       "<o:policy " FULL "/>"));
	is_full(DOMAIN("<o:a xmlns:o='urn:other'><b xmlns:o='urn:b'/></o:a>"
		       "<o:policy xmlns:o='" POLICY_URI "' " FULL "/>"));
}

Test(hook_policy, elsewhere_it_is_none)
{
	is_none("<domain><onerng:policy " BOUND " " FULL "/></domain>");
	is_none(DOMAIN("<a:a xmlns:a='urn:a'><onerng:policy " BOUND " " FULL
		       "/></a:a>"));
	is_none("<domain><x><metadata><onerng:policy " BOUND " " FULL
		"/></metadata></x></domain>");
	is_none(DOMAIN("<!-- <onerng:policy " BOUND " " FULL "/> -->"));
	is_none("<domain><metadata/><metadata><onerng:policy " BOUND " " FULL
		"/></metadata></domain>");
}

Test(hook_policy, what_makes_no_sense_is_left_out_alone)
{
	static const char *const bad[] = {
		"class='best'",
		"class=''",
		"class=' raw'",
		"when-absent='x'",
		"when_absent='hold'",
		"rate='-1'",
		"rate=''",
		"rate='1000000001'",
		"rate='0x10'",
		"rate='1e3'",
		"rate=' 1'",
		"rate='4k'",
		"colour='red'",
		"onerng:rate='1'",
		"rate='18446744073709551617'",
		"rate='&#49;'",
	};
	char xml[512];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(xml, sizeof(xml), POLICY("%s weight='7'"), bad[i]);
		scan(xml);
		cr_assert(p->senseless, "%s", xml);
		cr_assert(p->has_weight && p->weight == 7, "%s", xml);
		cr_assert(!p->has_rate && !p->class[0] && !p->when_absent[0],
			  "%s", xml);
	}
}

Test(hook_policy, numbers_end_where_the_configurations_do)
{
	scan(POLICY("rate='0' burst='0' weight='1'"));
	cr_assert(p->has_rate && p->has_burst && p->weight == 1);
	scan(POLICY("rate='1000000000' burst='1073741824' weight='1000'"));
	cr_assert_eq(p->rate, POLICY_RATE_MAX);
	cr_assert_eq(p->burst, POLICY_BURST_MAX);
	cr_assert_eq(p->weight, POLICY_WEIGHT_MAX);
	scan(POLICY("rate='1000000001' burst='1073741825' weight='1001'"));
	cr_assert(is_empty());
	scan(POLICY("weight='0'"));
	cr_assert(is_empty() && p->senseless);
}

Test(hook_policy, where_it_is_not_clear_what_was_meant_there_is_none)
{
	is_blurred(DOMAIN("<o:policy xmlns:o='" POLICY_URI "' class='raw'/>"
			  "<o:policy xmlns:o='" POLICY_URI "'/>"));
	is_blurred(DOMAIN("<onerng:policy " BOUND " class='raw'>x"
			  "</onerng:policy>"));
	is_blurred(DOMAIN("<onerng:policy " BOUND " class='raw'><rate/>"
			  "</onerng:policy>"));
	is_blurred(DOMAIN("<onerng:policy " BOUND " class='raw'>"
			  "<![CDATA[x]]></onerng:policy>"));
	is_blurred(DOMAIN("<onerng:policies " BOUND " class='raw'/>"));
	is_blurred(POLICY("class='raw' class='drbg'"));
	is_blurred(POLICY("a='' b='' c='' d='' e='' f='' g='' h='' i='' "
			  "j='' k='' l='' m='' n='' o='' class='raw'"));
}

Test(hook_policy, more_bindings_than_there_is_room_for_are_survived)
{
	char xml[8192] = "<domain";
	size_t i;

	for (i = 0; i < POLICY_BINDINGS_MAX + 4; i++)
		sprintf(xml + strlen(xml), " xmlns:a%zu='%s'", i, POLICY_URI);
	strcat(xml, "><metadata><a0:policy class='raw'/></metadata></domain>");
	scan(xml);
	cr_assert(is_empty() && p->senseless);
}

/* onerngctl domain attach writes both. */
Test(hook_policy, metadata_and_drop_in_say_the_same)
{
	static const char before[] = "<domain><uuid>" UUID "</uuid></domain>";
	const struct domain_policy want = { .class = "drbg",
					    .when_absent = "kernel",
					    .rate = 4096,
					    .burst = 65536,
					    .weight = 2,
					    .has_rate = true,
					    .has_burst = true,
					    .has_weight = true };
	struct domain_error error;
	struct domain_xml *xml =
		domain_xml_parse(before, strlen(before), &error);
	char *text = NULL, keys[256] = "";
	FILE *f = fmemopen(keys, sizeof(keys), "w");

	cr_assert_eq(domain_policy_write(xml, &want, &text, &error), 1);
	is_full(text);
	policy_print_keys(&want, f);
	fclose(f);
	cr_assert_str_eq(keys, "class=drbg\nrate=4096\nburst=65536\n"
			       "weight=2\nwhen_absent=kernel\n");
	free(text);
	domain_xml_free(xml);
}
