/* Takes a domain's <rng> away, never while that could hurt the host. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/answer.h"
#include "ctl/change.h"
#include "ctl/domain_gone.h"
#include "ctl/emulator.h"
#include "libvirt-xml/domain_check.h"

#define WAIT_S		10 /* for the guest to let go of the device */
#define POLL_NS		100000000L
#define POLLS_IN_SECOND 10

static const struct opt options[] = {
	CHANGE_OPT_LIVE,
	CHANGE_OPT_CONFIG,
	COMMAND_OPT_DRY_RUN(change_set_dry_run),
	COMMAND_OPT_NO_REGISTER(change_set_no_register),
	{ "drop-ins", 0, "DIR", "where the agent was told (" REGISTER_DIR ")",
	  change_set_drop_ins },
	COMMAND_OPT_CONNECT,
	COMMAND_OPT_JSON,
	COMMAND_OPT_HELP,
	COMMAND_OPT_END,
};

static int edit(const struct change *c, const struct domain_xml *xml,
		char **after, struct domain_error *error)
{
	return domain_rng_detach(xml, c->run_dir, after, error);
}

static int refuse_live(const struct change *c, const char *what)
{
	char why[900];

	snprintf(why, sizeof(why),
		 "not while it runs: %s memory after it was freed when the "
		 "device goes with a request pending (CVE-2026-50624); safe "
		 "is: onerngctl domain detach %s --config, which takes effect "
		 "when the domain starts next",
		 what, c->domain.uuid);
	return change_complain(c, why);
}

/* Of the domain's QEMU, which is connected; 0: not known. */
static pid_t peer_pid(const struct change *c)
{
	char ignored[CLIENT_WHY_MAX];
	json_t *consumer =
		register_consumer(&c->call->registry, c->domain.uuid, ignored);
	const json_t *peer = json_object_get(consumer, "peer");
	json_int_t pid = json_integer_value(json_object_get(peer, "pid"));

	json_decref(consumer);
	return pid > 0 && pid <= INT_MAX ? (pid_t)pid : 0;
}

/*
 * What the version is of; the domain's own may be another, or older than what
 * is installed now.
 */
static bool runs_default(const struct change *c, char path[static PATH_MAX])
{
	char *capabilities = virt_capabilities(c->virt);
	int r = -ENOENT;

	if (capabilities)
		r = emulator_default(capabilities, path, PATH_MAX);
	free(capabilities);
	if (r < 0)
		snprintf(path, PATH_MAX, "the host's default");
	return r == 0 && emulator_runs(peer_pid(c), path);
}

/*
 * Whether a request is pending cannot be known for as long as the guest runs,
 * and it has to run to let the device go: only a QEMU that is known to be safe
 * will do.
 */
static int check_live(const struct change *c)
{
	unsigned long version = virt_qemu_version(c->virt);
	char path[PATH_MAX], what[400];

	if (!c->live.wanted || !c->live.rng.count || !virt_is_qemu(c->virt))
		return 0;
	if (!version)
		return refuse_live(c, "QEMU, whose version libvirt does not "
				      "say, may use");
	if (domain_qemu_detach_unsafe(version)) {
		snprintf(what, sizeof(what), "QEMU %lu.%lu.%lu uses",
			 version / 1000000, version / 1000 % 1000,
			 version % 1000);
		return refuse_live(c, what);
	}
	if (runs_default(c, path))
		return 0;
	snprintf(what, sizeof(what),
		 "it is not known to run %.200s as installed now, and another "
		 "QEMU may use",
		 path);
	return refuse_live(c, what);
}

static int is_gone(const struct change *c)
{
	char why[VIRT_WHY_MAX];
	char *now = virt_xml(c->virt, &c->domain, VIRT_XML_LIVE, why);
	struct domain_error error;
	struct domain_xml *xml;
	struct domain_rng rng;
	int r = -1;

	if (!now)
		return -1;
	xml = domain_xml_parse(now, strlen(now), &error);
	if (xml && domain_rng_find(xml, c->run_dir, &rng, &error) == 0)
		r = rng.count == 0;
	domain_xml_free(xml);
	free(now);
	return r;
}

static int await(const struct change *c)
{
	const struct timespec gap = { .tv_nsec = POLL_NS };
	int left = WAIT_S * POLLS_IN_SECOND, r;

	do {
		r = is_gone(c);
		if (r > 0)
			return 0;
		nanosleep(&gap, NULL);
	} while (r == 0 && left-- > 0);
	return change_complain(c, "asked for, but the guest has not let go of "
				  "the device: does it run, and support "
				  "hot-plugging?");
}

static int detach_live(struct change *c)
{
	char why[VIRT_WHY_MAX], *device = NULL;
	struct domain_error error;
	int r;

	if (c->live.rng.count) {
		if (domain_rng_device(c->live.xml, c->run_dir, &device,
				      &error) < 0)
			return change_complain(c, error.text);
		r = virt_detach_live(c->virt, &c->domain, device, why);
		free(device);
		if (r < 0)
			return change_complain(c, why);
		if (await(c) < 0)
			return -1;
	}
	/* there need not be a policy */
	virt_metadata_live(c->virt, &c->domain, NULL, DOMAIN_POLICY_URI, why);
	return 0;
}

/* A domain that has none of ours, neither now nor at its next start. */
static bool needs_nothing(const struct change *c)
{
	if (c->domain.active && !c->live.wanted)
		return is_gone(c) > 0;
	return c->config.wanted || !c->domain.persistent;
}

static int forget(const struct change *c)
{
	char why[CLIENT_WHY_MAX], path[REGISTER_PATH_MAX];
	int r = 0;

	if (c->call->no_register || !needs_nothing(c))
		return 0;
	r = register_forget(&c->call->registry, c->domain.uuid, why);
	if (r < 0)
		return change_complain(c, why);
	register_domain_path(path, &c->call->registry, c->domain.uuid);
	answer_agent(&c->call->call, c->shown, r, path);
	if (r == REGISTER_LATER)
		answer_line(&c->call->call, "%s: host agent: does not run",
			    c->shown);
	return 0;
}

static int detach(struct change *c)
{
	if (check_live(c) < 0)
		return EXIT_FAILURE;
	if (c->call->dry_run)
		return change_show(c);
	if (c->live.after && detach_live(c) < 0)
		return EXIT_FAILURE;
	change_tell(c, &c->live, "detached");
	if (c->config.after && change_define(c, edit) < 0)
		return EXIT_FAILURE;
	change_tell(c, &c->config, "detached");
	change_warn_saved(c);
	if (c->config.after && c->domain.active && !c->live.wanted)
		answer_note(&c->call->call,
			    "%s: what runs keeps its device until it is shut "
			    "down, and its place at the host agent until this "
			    "is run again then",
			    c->shown);
	if (forget(c) < 0)
		return EXIT_FAILURE;
	return command_flush(&c->call->call);
}

static int run(void *ctx)
{
	struct change c;
	char why[VIRT_WHY_MAX];
	int found = change_find(&c, ctx, edit, why), r = EXIT_FAILURE;

	if (found == 0)
		r = detach(&c);
	else if (found == -ENOENT)
		r = domain_gone_detach(&c, why);
	else if (!c.virt)
		domain_gone_advise(&c);
	change_end(&c);
	return r;
}

const struct command command_domain_detach = {
	.words = { "domain", "detach" },
	.options = options,
	.usage = PROGRAM " domain detach NAME [OPTIONS]",
	.help = "take a domain's device away",
	.call_size = sizeof(struct change_call),
	.run = run,
	.answers = true,
	.operand = "NAME",
};
