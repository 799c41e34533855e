/*
 * tests/data/domains: each domain as it was, attached/ as it must be with our
 * <rng> and a policy; detached/ as it must be without them, if that is not as
 * it was.
 */
#include "libvirt-xml/domain_rng.h"

#include "tests/unit/golden.h"

#define FOLDER	"tests/data/domains"
#define RUN_DIR "/run/onerng"
#define DOMAINS 50 /* at least */

static const struct domain_policy policy = {
	.class = "drbg", .when_absent = "kernel", .rate = 4096, .has_rate = true
};

enum act {
	ATTACH,
	DETACH
};

/* The text that comes of it: the same one if nothing has to change. */
static char *act(const char *name, const char *text, enum act what,
		 const struct domain_policy *with)
{
	struct domain_error error;
	struct domain_xml *xml = domain_xml_parse(text, strlen(text), &error);
	char *out;
	int ret;

	cr_assert(xml, "%s:%u: %s", name, error.line, error.text);
	ret = what == ATTACH
		      ? domain_rng_attach(xml, RUN_DIR, with, &out, &error)
		      : domain_rng_detach(xml, RUN_DIR, &out, &error);
	cr_assert_geq(ret, 0, "%s:%u: %s", name, error.line, error.text);
	cr_assert_eq(ret, out != NULL);
	domain_xml_free(xml);
	return out ? out : strdup(text);
}

static void as_written(const char *name, const char *text)
{
	char *want = golden_read(FOLDER, "attached", name);
	char *want_back = golden_read(FOLDER, "detached", name);
	char *out = act(name, text, ATTACH, &policy), *again, *back;

	cr_assert(want, "%s has no attached/", name);
	cr_expect_str_eq(out, want, "%s: attach", name);
	again = act(name, out, ATTACH, &policy);
	cr_expect_str_eq(again, out, "%s: attach is idempotent", name);
	back = act(name, out, DETACH, NULL);
	cr_expect_str_eq(back, want_back ? want_back : text, "%s: detach",
			 name);
	free(again);
	again = act(name, back, DETACH, NULL);
	cr_expect_str_eq(again, back, "%s: detach is idempotent", name);
	free(again);
	free(back);
	free(out);
	free(want_back);
	free(want);
}

/* Without a policy only the devices change, or nothing. */
static void without_policy(const char *name, const char *text)
{
	char *gone = act(name, text, DETACH, NULL);
	char *out = act(name, gone, ATTACH, NULL);
	char *back = act(name, out, DETACH, NULL);

	cr_expect_str_eq(back, gone, "%s: without a policy", name);
	cr_expect(strstr(out, "<metadata>") || !strstr(out, "onerng:policy"));
	free(back);
	free(out);
	free(gone);
}

/* A policy alone goes in and out as well. */
static void policy_alone(const char *name, const char *text)
{
	static const struct domain_policy none;
	struct domain_error error;
	char *gone = act(name, text, DETACH, NULL), *with, *back;
	struct domain_xml *xml = domain_xml_parse(gone, strlen(gone), &error);

	cr_assert_eq(domain_policy_write(xml, &policy, &with, &error), 1);
	domain_xml_free(xml);
	xml = domain_xml_parse(with, strlen(with), &error);
	cr_assert(xml, "%s: %s", name, error.text);
	cr_assert_eq(domain_policy_write(xml, &none, &back, &error), 1);
	cr_expect_str_eq(back, gone, "%s: policy", name);
	domain_xml_free(xml);
	free(back);
	free(with);
	free(gone);
}

static void all(const char *name, const char *text)
{
	as_written(name, text);
	without_policy(name, text);
	policy_alone(name, text);
}

Test(domain_golden, attach_changes_only_what_is_ours_and_detach_undoes_it)
{
	golden_each(FOLDER, ".xml", DOMAINS, all);
}
