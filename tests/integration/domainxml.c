/*
 * domainxml - the domain XML library by hand
 *
 *	domainxml attach FILE [ATTRIBUTE=VALUE...]	prints what comes of it
 *	domainxml detach FILE
 *	domainxml device FILE				the <rng> alone
 *	domainxml policy FILE				as ATTRIBUTE=VALUE
 *	domainxml diff FILE FILE
 *	domainxml check FILE [FACT=VALUE...]		findings as JSON
 *
 * ATTRIBUTE is one of a policy; without any, attach leaves the policy as it is.
 * FACT is socket (missing or MODE:UID:GID), qemu (UID:GID), apparmor (0 or 1),
 * detach-unsafe (a version), onerng (BUS:DEVICE).
 * Exit status: 0, 3 if nothing had to change or differs, 1 if it failed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/diff.h"
#include "libvirt-xml/domain_check.h"
#include "libvirt-xml/domain_rng.h"

#define RUN_DIR "/run/onerng"

static const char *program_file;

static char *read_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "re");
	char *text = malloc(DOMAIN_TEXT_MAX + 2);

	if (!file || !text) {
		perror(path);
		exit(1);
	}
	*len = fread(text, 1, DOMAIN_TEXT_MAX + 1, file);
	text[*len] = '\0';
	fclose(file);
	return text;
}

static int fail(const struct domain_error *error)
{
	if (error->line)
		fprintf(stderr, "%s:%u: %s\n", program_file, error->line,
			error->text);
	else
		fprintf(stderr, "%s: %s\n", program_file, error->text);
	return 1;
}

static struct domain_xml *load(const char *path)
{
	struct domain_error error;
	struct domain_xml *xml;
	size_t len;
	char *text = read_file(path, &len);

	program_file = path;
	xml = domain_xml_parse(text, len, &error);
	free(text);
	if (!xml)
		exit(fail(&error));
	return xml;
}

static int finish(int ret, char *text, const struct domain_error *error)
{
	if (ret < 0)
		return fail(error);
	if (text)
		fputs(text, stdout);
	free(text);
	return text ? 0 : 3;
}

static int set_policy(struct domain_policy *policy, char *word)
{
	char *value = strchr(word, '=');
	const char *why;

	if (!value)
		return -EINVAL;
	*value++ = '\0';
	if (!domain_policy_set(policy, word, value, &why))
		return 0;
	fprintf(stderr, "%s: %s: %s\n", word, value, why);
	return -EINVAL;
}

static int attach(const struct domain_xml *xml, int argc, char *argv[])
{
	struct domain_policy policy = { 0 };
	struct domain_error error;
	char *text;
	int ret;

	for (int i = 0; i < argc; i++)
		if (set_policy(&policy, argv[i]))
			return 1;
	ret = domain_rng_attach(xml, RUN_DIR, argc ? &policy : NULL, &text,
				&error);
	return finish(ret, text, &error);
}

static int print_policy(const struct domain_xml *xml)
{
	struct domain_policy p;
	struct domain_error error;
	int ret = domain_policy_read(xml, &p, &error);

	if (ret < 0)
		return fail(&error);
	if (p.class)
		printf("class=%s\n", p.class);
	if (p.has_rate)
		printf("rate=%llu\n", p.rate);
	if (p.has_burst)
		printf("burst=%llu\n", p.burst);
	if (p.has_weight)
		printf("weight=%llu\n", p.weight);
	if (p.when_absent)
		printf("when-absent=%s\n", p.when_absent);
	return ret ? 0 : 3;
}

static int diff(const char *one, const char *other)
{
	size_t len;
	char *before = read_file(one, &len), *after = read_file(other, &len);
	int ret = diff_print(one, before, after, stdout);

	free(before);
	free(after);
	return ret < 0 ? 1 : ret ? 0 : 3;
}

static int set_fact(struct domain_facts *f, char *word)
{
	unsigned int mode, uid, gid;

	if (!strcmp(word, "socket=missing")) {
		f->socket = DOMAIN_SOCKET_MISSING;
	} else if (sscanf(word, "socket=%o:%u:%u", &mode, &uid, &gid) == 3) {
		f->socket = DOMAIN_SOCKET_THERE;
		f->socket_mode = mode;
		f->socket_uid = uid;
		f->socket_gid = gid;
	} else if (sscanf(word, "qemu=%u:%u", &uid, &gid) == 2) {
		f->qemu_known = true;
		f->qemu_uid = uid;
		f->qemu_gids[f->qemu_gid_count++] = gid;
	} else if (sscanf(word, "onerng=%u:%u", &uid, &gid) == 2) {
		f->onerngs[f->onerng_count++] = (struct domain_usb){ uid, gid };
	} else if (!strncmp(word, "apparmor=", 9)) {
		f->apparmor = word[9] == '1' ? DOMAIN_APPARMOR_ALLOWS
					     : DOMAIN_APPARMOR_LACKS;
	} else if (!strncmp(word, "detach-unsafe=", 14)) {
		f->detach_unsafe = word + 14;
	} else {
		fprintf(stderr, "%s: not a fact\n", word);
		return -EINVAL;
	}
	return 0;
}

static int check(const struct domain_xml *xml, int argc, char *argv[])
{
	struct domain_facts facts = { .run_dir = RUN_DIR };
	struct findings findings;
	json_t *json;
	int ret;

	for (int i = 0; i < argc; i++)
		if (set_fact(&facts, argv[i]))
			return 1;
	ret = domain_check(xml, &facts, &findings);
	json = ret < 0 ? NULL : findings_json(&findings);
	if (!json)
		return 1;
	json_dumpf(json, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(json);
	findings_clear(&findings);
	return 0;
}

static int run(const char *word, const struct domain_xml *xml, int argc,
	       char *argv[])
{
	struct domain_error error;
	char *text = NULL;
	int ret;

	if (!strcmp(word, "attach"))
		return attach(xml, argc, argv);
	if (!strcmp(word, "policy"))
		return print_policy(xml);
	if (!strcmp(word, "check"))
		return check(xml, argc, argv);
	if (!strcmp(word, "device"))
		ret = domain_rng_device(xml, RUN_DIR, &text, &error);
	else
		ret = domain_rng_detach(xml, RUN_DIR, &text, &error);
	return finish(ret, text, &error);
}

int main(int argc, char *argv[])
{
	struct domain_xml *xml;
	int ret;

	if (argc < 3)
		return 2;
	if (!strcmp(argv[1], "diff"))
		return argc == 4 ? diff(argv[2], argv[3]) : 2;
	xml = load(argv[2]);
	ret = run(argv[1], xml, argc - 3, argv + 3);
	domain_xml_free(xml);
	return ret;
}
