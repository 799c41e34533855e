/*
 * A domain's XML as the hook scans it: what it finds lies within the text, what
 * it says is one line that the agent can parse, and of the policy it finds nothing
 * that libxml2 does not.
 */
#include "hooks/domxml.h"
#include "hooks/message.h"
#include "libvirt-xml/domain_policy.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void compare_word(const char *scanned, const char *read)
{
	require(!*scanned || (read && !strcmp(scanned, read)));
}

static void compare_number(bool has, unsigned long scanned, bool has_read,
			   unsigned long long read)
{
	require(!has || (has_read && scanned == read));
}

/* Where libxml2 takes the text at all. */
static void compare(const struct policy *p, const char *xml, size_t size)
{
	struct domain_error error;
	struct domain_xml *x = domain_xml_parse(xml, size, &error);
	struct domain_policy read;

	if (!x)
		return;
	if (domain_policy_salvage(x, &read, &error) < 0)
		read = (struct domain_policy){ 0 };
	compare_word(p->class, read.class);
	compare_word(p->when_absent, read.when_absent);
	compare_number(p->has_rate, p->rate, read.has_rate, read.rate);
	compare_number(p->has_burst, p->burst, read.has_burst, read.burst);
	compare_number(p->has_weight, p->weight, read.has_weight, read.weight);
	domain_xml_free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *xml = (const char *)data;
	char text[MESSAGE_MAX];
	struct domxml facts;
	json_t *o;
	int len;

	if (domxml_scan(&facts, xml, size, "/run/onerng") < 0)
		return 0;
	require(facts.usb_count <= DOMXML_USB_MAX);
	if (facts.sockets) {
		require(facts.path_at + facts.path_len <= size);
		require(strlen(facts.path) == facts.path_len);
		require(!memcmp(xml + facts.path_at, facts.path,
				facts.path_len));
	}
	compare(&facts.policy, xml, size);
	len = message_write(text, "prepare", "fuzz", &facts);
	require(facts.uuid[0] ? len > 0 : len < 0);
	if (len < 0)
		return 0;
	o = json_loadb(text, (size_t)len, JSON_REJECT_DUPLICATES, NULL);
	require(o != NULL);
	json_decref(o);
	return 0;
}
