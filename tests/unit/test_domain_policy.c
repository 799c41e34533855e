#include "libvirt-xml/domain_policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

static struct domain_error error;

static struct domain_xml *with(const char *metadata)
{
	char text[1024];
	struct domain_xml *xml;

	snprintf(text, sizeof(text),
		 "<domain>\n<name>a</name>\n<metadata>%s</metadata>\n"
		 "</domain>",
		 metadata);
	xml = domain_xml_parse(text, strlen(text), &error);
	cr_assert(xml, "%u: %s", error.line, error.text);
	return xml;
}

static int read_policy(const char *metadata, struct domain_policy *policy)
{
	struct domain_xml *xml = with(metadata);
	int ret = domain_policy_read(xml, policy, &error);

	domain_xml_free(xml);
	return ret;
}

#define OPEN "<p:policy xmlns:p='" DOMAIN_POLICY_URI "' "

static void refused(const char *metadata, unsigned int line, const char *words)
{
	struct domain_policy policy;

	cr_assert_eq(read_policy(metadata, &policy), -EINVAL, "%s", metadata);
	cr_expect_eq(error.line, line, "%u: %s", error.line, error.text);
	cr_expect(strstr(error.text, words), "%s", error.text);
}

Test(domain_policy, every_attribute_is_read)
{
	struct domain_policy p;

	cr_assert_eq(read_policy(OPEN "class='drbg' rate='0' burst='65536' "
				      "weight='1000' when-absent='refuse'>"
				      " <!-- why --> </p:policy>",
				 &p),
		     1);
	cr_assert_str_eq(p.class, "drbg");
	cr_assert_str_eq(p.when_absent, "refuse");
	cr_assert(p.has_rate && p.has_burst && p.has_weight);
	cr_assert(p.rate == 0 && p.burst == 65536 && p.weight == 1000);
}

Test(domain_policy, what_is_not_given_is_left_to_the_host)
{
	struct domain_policy p;

	cr_assert_eq(read_policy("", &p), 0);
	cr_assert_eq(read_policy("<policy class='what'/>"
				 "<o:policy xmlns:o='urn:o' class='what'/>",
				 &p),
		     0);
	cr_assert_eq(read_policy(OPEN "/>", &p), 1);
	cr_assert(!p.class && !p.when_absent && !p.has_rate && !p.has_burst &&
		  !p.has_weight);
}

Test(domain_policy, what_is_not_understood_is_refused_with_its_line)
{
	refused(OPEN "class='best'/>", 3, "class='best': not raw, drbg");
	refused("\n\n" OPEN "class=''/>", 5, "not raw");
	refused(OPEN "when-absent='wait'/>", 3, "not hold, kernel or refuse");
	refused(OPEN "rate='1000000001'/>", 3, "1000000000");
	refused(OPEN "rate='-1'/>", 3, "not a number");
	refused(OPEN "rate='1k'/>", 3, "not a number");
	refused(OPEN "burst='1073741825'/>", 3, "not a number");
	refused(OPEN "weight='0'/>", 3, "from 1 to 1000");
	refused(OPEN "weight='1001'/>", 3, "from 1 to 1000");
	refused(OPEN "speed='1'/>", 3, "speed='1': not an attribute");
	refused(OPEN "p:rate='1'/>", 3, "p:rate: not an attribute");
	refused(OPEN ">text</p:policy>", 3, "only attributes");
	refused(OPEN "><x/></p:policy>", 3, "only attributes");
	refused(OPEN "/>\n" OPEN "/>", 4, "a second one");
	refused("<p:rules xmlns:p='" DOMAIN_POLICY_URI "'/>", 3,
		"<rules> is not known");
}

/* Writes a policy and reads it again. */
Test(domain_policy, what_is_written_is_read)
{
	struct domain_policy want = { .class = "seed",
				      .when_absent = "kernel",
				      .rate = DOMAIN_RATE_MAX,
				      .burst = DOMAIN_BURST_MAX,
				      .weight = DOMAIN_WEIGHT_MAX,
				      .has_rate = true,
				      .has_burst = true,
				      .has_weight = true };
	struct domain_xml *xml = with("<a:b xmlns:a='urn:a'/>");
	struct domain_policy got;
	char *text, *same;

	cr_assert_eq(domain_policy_write(xml, &want, &text, &error), 1);
	domain_xml_free(xml);
	xml = domain_xml_parse(text, strlen(text), &error);
	cr_assert(xml);
	cr_assert_eq(domain_policy_read(xml, &got, &error), 1);
	cr_assert_str_eq(got.class, "seed");
	cr_assert_str_eq(got.when_absent, "kernel");
	cr_assert(got.rate == DOMAIN_RATE_MAX &&
		  got.burst == DOMAIN_BURST_MAX && got.weight == 1000);
	cr_assert_eq(domain_policy_write(xml, &want, &same, &error), 0);
	cr_assert_null(same);
	free(text);
	domain_xml_free(xml);
}

Test(domain_policy, what_nobody_could_read_is_not_written)
{
	static const struct domain_policy bad[] = {
		{ .class = "'/>" },
		{ .when_absent = "" },
		{ .has_rate = true, .rate = DOMAIN_RATE_MAX + 1 },
		{ .has_burst = true, .burst = DOMAIN_BURST_MAX + 1 },
		{ .has_weight = true, .weight = 0 },
	};
	struct domain_xml *xml = with("");
	char *text;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_expect_eq(domain_policy_write(xml, &bad[i], &text, &error),
			     -EINVAL);
		cr_expect_null(text);
	}
	domain_xml_free(xml);
}
