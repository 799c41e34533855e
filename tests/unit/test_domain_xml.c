#include "libvirt-xml/domain_rng.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#define UUID	 "6f0c1d0e-2a3b-4c5d-8e9f-0123456789ab"
#define HEAD	 "<domain><name>web</name><uuid>" UUID "</uuid>"
#define MINIMAL	 HEAD "<devices/></domain>"
#define SOCKET	 "/run/onerng/kvm/" UUID ".sock"
#define RUN_DIR	 "/run/onerng"
#define BOM	 "\xef\xbb\xbf"
#define ELEMENTS DOMAIN_ELEMENTS_MAX

static struct domain_error error;

static struct domain_xml *parse(const char *text)
{
	return domain_xml_parse(text, strlen(text), &error);
}

static struct domain_xml *must_parse(const char *text)
{
	struct domain_xml *xml = parse(text);

	cr_assert(xml, "%u: %s", error.line, error.text);
	return xml;
}

/* EINVAL, with that line and these words. */
static void refused(const char *text, unsigned int line, const char *words)
{
	errno = 0;
	cr_assert_null(parse(text), "%s", text);
	cr_expect_eq(errno, EINVAL);
	cr_expect_eq(error.line, line, "%u: %s", error.line, error.text);
	cr_expect(strstr(error.text, words), "%s", error.text);
}

Test(domain_xml, a_minimal_domain_has_name_and_uuid)
{
	struct domain_xml *xml = must_parse(MINIMAL);

	cr_assert_str_eq(domain_xml_name(xml), "web");
	cr_assert_str_eq(domain_xml_uuid(xml), UUID);
	domain_xml_free(xml);
}

Test(domain_xml, every_shorter_text_is_refused)
{
	for (size_t len = 0; len < strlen(MINIMAL); len++)
		cr_assert_null(domain_xml_parse(MINIMAL, len, &error), "%zu",
			       len);
	domain_xml_free(must_parse(MINIMAL));
	refused(MINIMAL "<", 1, "not XML");
	refused(MINIMAL "x", 1, "not XML");
	domain_xml_free(must_parse(MINIMAL "\n"));
}

Test(domain_xml, what_is_no_xml_is_refused_with_its_line)
{
	refused("", 0, "empty");
	refused("\n\n<domain>\n</devices>\n", 4, "not XML");
	refused("<domain>&what;</domain>", 1, "not XML");
	refused("<domain>\xff</domain>", 1, "not XML");
	refused("L", 1, "UTF-8");
	cr_assert_null(domain_xml_parse("<\0d", 3, &error));
	cr_assert(strstr(error.text, "UTF-8"));
}

Test(domain_xml, an_encoding_that_is_claimed_moves_nothing)
{
	struct domain_xml *xml;
	char *text;

	xml = must_parse(BOM "<?xml version='1.0' encoding='ISO-8859-1'?>\n"
			     "<!-- \xc3\xbc -->" MINIMAL);
	cr_assert_eq(domain_rng_attach(xml, RUN_DIR, NULL, &text, &error), 1);
	cr_assert(strstr(text, "\xc3\xbc -->" HEAD "<devices>"));
	cr_assert(strstr(text, "</rng>\n</devices></domain>"));
	free(text);
	domain_xml_free(xml);
}

Test(domain_xml, a_document_type_is_refused_before_it_is_used)
{
	refused("<!DOCTYPE domain SYSTEM 'http://192.0.2.1/x'>\n" MINIMAL, 1,
		"document type");
	refused("<!DOCTYPE domain [<!ENTITY a 'b'>]>\n"
		"<domain><name>&a;</name></domain>",
		1, "document type");
	refused("<!DOCTYPE domain [<!ENTITY f SYSTEM 'file:///etc/passwd'>]>"
		"<domain><name>&f;</name></domain>",
		1, "document type");
}

Test(domain_xml, what_is_no_domain_is_refused)
{
	refused("<network/>", 1, "not a <domain>");
	refused("<x:domain xmlns:x='urn:x'/>", 1, "not a <domain>");
	refused("<domain xmlns='urn:x'/>", 1, "not a <domain>");
	refused("<domain>\n<devices/>\n<devices/></domain>", 3,
		"a second <devices>");
	refused("<domain>\n<uuid>" UUID "</uuid><uuid/></domain>", 2,
		"a second <uuid>");
	refused("<domain>\n<metadata/>\n\n<metadata/></domain>", 4,
		"a second <metadata>");
}

Test(domain_xml, a_uuid_is_read_as_libvirt_reads_it)
{
	static const char *const bad[] = {
		"",	   "6f0c1d0e-2a3b-4c5d-8e9f-0123456789a",
		UUID "0",  "6f0c1d0e-2a3b-4c5d-8e9f-0123456789ag",
		"../../x",
	};
	struct domain_xml *xml;
	char text[200];

	xml = must_parse("<domain><uuid> 6F0C1D0E2a3b4c5d8e9f0123456789AB\n"
			 "</uuid></domain>");
	cr_assert_str_eq(domain_xml_uuid(xml), UUID);
	domain_xml_free(xml);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text),
			 "<domain>\n<uuid>%s</uuid></domain>", bad[i]);
		refused(text, 2, "not a uuid");
	}
}

Test(domain_xml, ten_megabytes_are_read_and_a_byte_more_is_refused)
{
	size_t head = strlen(MINIMAL);
	char *text = malloc(DOMAIN_TEXT_MAX + 2);
	struct domain_xml *xml;

	cr_assert(text);
	memcpy(text, MINIMAL, head);
	memset(text + head, '\n', DOMAIN_TEXT_MAX + 1 - head);
	xml = domain_xml_parse(text, DOMAIN_TEXT_MAX, &error);
	cr_assert(xml, "%s", error.text);
	domain_xml_free(xml);
	cr_assert_null(domain_xml_parse(text, DOMAIN_TEXT_MAX + 1, &error));
	cr_assert_eq(errno, EFBIG);
	free(text);
}

Test(domain_xml, too_many_elements_and_too_deep_ones_are_refused)
{
	size_t len = (size_t)(ELEMENTS + 1) * 4 + 64, at;
	char *text = malloc(len);

	cr_assert(text);
	at = (size_t)sprintf(text, "<domain>");
	for (unsigned int i = 0; i < ELEMENTS; i++)
		at += (size_t)sprintf(text + at, "<a/>");
	sprintf(text + at, "</domain>");
	cr_assert_null(parse(text));
	cr_assert_eq(errno, EFBIG);
	strcpy(text + at - 4, "</domain>");
	domain_xml_free(must_parse(text));

	at = (size_t)sprintf(text, "<domain>");
	for (unsigned int i = 0; i < 1000; i++)
		at += (size_t)sprintf(text + at, "<a>");
	refused(text, 1, "not XML");
	free(text);
}

Test(domain_xml, the_socket_is_the_domains)
{
	struct domain_xml *xml = must_parse(MINIMAL);
	char path[DOMAIN_PATH_MAX], dir[DOMAIN_RUN_DIR_MAX + 1];

	cr_assert_eq(domain_xml_socket(xml, RUN_DIR, path, &error), 0);
	cr_assert_str_eq(path, SOCKET);
	memset(dir, 'a', sizeof(dir));
	dir[0] = '/';
	dir[DOMAIN_RUN_DIR_MAX - 1] = '\0';
	cr_assert_eq(domain_xml_socket(xml, dir, path, &error), 0);
	cr_assert_eq(strlen(path), DOMAIN_RUN_DIR_MAX - 1 + 46);
	dir[DOMAIN_RUN_DIR_MAX - 1] = 'a';
	dir[DOMAIN_RUN_DIR_MAX] = '\0';
	cr_assert_eq(domain_xml_socket(xml, dir, path, &error), -EINVAL);
	cr_assert_eq(domain_xml_socket(xml, "run", path, &error), -EINVAL);
	cr_assert_eq(domain_xml_socket(xml, "/a'b", path, &error), -EINVAL);
	cr_assert_eq(domain_xml_socket(xml, "/\xc3\xbc", path, &error),
		     -EINVAL);
	domain_xml_free(xml);
	xml = must_parse("<domain><devices/></domain>");
	cr_assert_eq(domain_xml_socket(xml, RUN_DIR, path, &error), -EINVAL);
	cr_assert(strstr(error.text, "dumpxml"));
	domain_xml_free(xml);
}
