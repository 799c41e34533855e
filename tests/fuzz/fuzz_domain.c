/*
 * A domain's XML.  What parses is attached, detached, given a policy and
 * checked; what comes out must parse, and doing it again must change nothing.
 */
#include "libvirt-xml/domain_check.h"
#include "libvirt-xml/domain_rng.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define RUN_DIR "/run/onerng"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct domain_policy policy = { .class = "seed",
					     .has_weight = true,
					     .weight = 7 };
static struct domain_error error;

static void require(int condition)
{
	if (!condition)
		abort();
}

static char *edit(const char *text, size_t len, int attach, int *ret)
{
	struct domain_xml *xml = domain_xml_parse(text, len, &error);
	char *out;

	require(xml != NULL);
	*ret = attach ? domain_rng_attach(xml, RUN_DIR, &policy, &out, &error)
		      : domain_rng_detach(xml, RUN_DIR, &out, &error);
	require((*ret == 1) == (out != NULL));
	require(*ret >= 0 || error.text[0]);
	domain_xml_free(xml);
	return out;
}

/* Once more changes nothing. */
static void twice(const char *text, size_t len, int attach)
{
	int ret;
	char *once = edit(text, len, attach, &ret), *again;

	if (once) {
		again = edit(once, strlen(once), attach, &ret);
		require(ret == 0 && !again);
	}
	free(once);
}

/* What attach added, detach takes out. */
static void there_and_back(const char *text, size_t len)
{
	int ret;
	char *gone = edit(text, len, 0, &ret), *with, *back;

	if (ret < 0)
		return;
	if (!gone)
		gone = strndup(text, len);
	require(gone != NULL);
	with = edit(gone, strlen(gone), 1, &ret);
	if (with) {
		back = edit(with, strlen(with), 0, &ret);
		require(back && !strcmp(back, gone));
		free(back);
	}
	free(with);
	free(gone);
}

static void check(const struct domain_xml *xml)
{
	struct domain_facts facts = { .run_dir = RUN_DIR,
				      .socket = DOMAIN_SOCKET_MISSING,
				      .apparmor = DOMAIN_APPARMOR_LACKS };
	static struct findings findings;

	require(domain_check(xml, &facts, &findings) == 0);
	json_decref(findings_json(&findings));
	findings_clear(&findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct domain_xml *xml = domain_xml_parse(text, size, &error);

	if (!xml) {
		require(error.text[0]);
		return 0;
	}
	check(xml);
	domain_xml_free(xml);
	twice(text, size, 1);
	twice(text, size, 0);
	there_and_back(text, size);
	return 0;
}
