/* What is included and generated, the agent's side, and whether they agree. */
#include <string.h>

#include "lxc/container_checking.h"

static const struct finding_rule not_attached = {
	"not-attached", FINDING_NOTE,
	"it has no device of the host agent's; its random numbers are those "
	"of the kernel that it shares with the host",
	CHECK_ATTACH
};
static const struct finding_rule include_gone = {
	"include-gone", FINDING_ERROR,
	"what is generated is not read by LXC: the container has no device, "
	"though the host agent keeps one for it",
	CHECK_ATTACH
};
static const struct finding_rule no_slash = {
	"include-no-slash", FINDING_ERROR,
	"once what is generated is gone, LXC does not load the configuration: "
	"the container does not start; with a slash it is empty then",
	CHECK_ATTACH
};
static const struct finding_rule twice = {
	"include-twice", FINDING_WARNING,
	"every hook of ours runs twice, and the second finds the device in its "
	"way",
	CHECK_ATTACH
};
static const struct finding_rule undone = {
	"include-undone", FINDING_WARNING,
	"device rules that come later may forbid what ours allow", CHECK_ATTACH
};
static const struct finding_rule emptied = {
	"userns-after", FINDING_ERROR,
	"userns.conf empties the lists of device rules that come before it, "
	"ours with them",
	CHECK_ATTACH
};
static const struct finding_rule copied = {
	"include-of-another", FINDING_ERROR,
	"it was copied from another container and gets that one's device: what "
	"each reads, the other misses",
	CHECK_ATTACH
};
static const struct finding_rule not_generated = {
	"generated-missing", FINDING_ERROR,
	"there is nothing in what it includes: it starts without a device",
	CHECK_ATTACH
};
static const struct finding_rule rule_missing = {
	"rule-missing", FINDING_ERROR,
	"it has device rules of this family and none of ours: opening the "
	"device fails with \"Operation not permitted\"",
	CHECK_ATTACH
};
static const struct finding_rule rule_alone = {
	"rule-alone", FINDING_ERROR,
	"where it is the only one, a rule that allows a device forbids all "
	"others, /dev/null among them",
	CHECK_ATTACH
};
static const struct finding_rule rule_stale = {
	"rule-stale", FINDING_ERROR,
	"the device was plugged in again and has another number: opening it "
	"fails, or it opens what has that number now",
	CHECK_REFRESH
};
static const struct finding_rule no_hook = {
	"hook-not-installed", FINDING_ERROR,
	"it starts, but without a device: what puts it into the container's "
	"/dev is not there",
	"make install"
};
static const struct finding_rule agent_down = {
	"agent-down", FINDING_WARNING,
	"no device has anything to give while the host agent does not run",
	"systemctl start onerng-hostd"
};
static const struct finding_rule not_registered = {
	"not-registered", FINDING_ERROR,
	"the host agent does not know the container and keeps no device for it",
	CHECK_ATTACH
};
static const struct finding_rule held = {
	"terminal-held", FINDING_ERROR,
	"a process in the container keeps the terminal's locks: the host agent "
	"gives it nothing until that ends, or the container starts anew",
	"lxc-stop -n %s"
};
static const struct finding_rule facts_missing = {
	"facts-missing", FINDING_ERROR,
	"the hook learns from this file which device is the container's, and "
	"starts it without one",
	"systemctl reload onerng-hostd"
};
static const struct finding_rule facts_stale = {
	"facts-stale", FINDING_ERROR,
	"the hook refuses what the host agent once published: the container "
	"starts without a device",
	"systemctl restart onerng-hostd"
};
static const struct finding_rule device_differs = {
	"device-differs", FINDING_ERROR,
	"the hook does not put another device into a container than its "
	"configuration says",
	CHECK_ATTACH
};
static const struct finding_rule host_group = {
	"host-group", FINDING_NOTE,
	"without a user namespace its numbers are the host's, and a terminal "
	"has a node in the host's /dev/pts, too: who is in that group may open "
	"it there",
	CHECK_ATTACH " --group 0 --mode 0600"
};

static void check_include(struct container_checking *k)
{
	const struct container_known *c = k->c;
	const struct container_include *i = c->include;

	if (!i->count && !c->snippet)
		container_finding(k, &not_attached, 0,
				  "it includes nothing of ours");
	else if (!i->count)
		container_finding(k, &include_gone, 0,
				  "%s/%s.d/ is not included", c->dir,
				  c->snippet->id);
	if (!i->count)
		return;
	if (i->count > 1)
		container_finding(k, &twice, i->line,
				  "%u includes of ours, the last", i->count);
	if (!i->slash)
		container_finding(k, &no_slash, i->line,
				  "the include of ours does not end in a "
				  "slash");
	if (i->undone)
		container_finding(k, i->emptied ? &emptied : &undone, i->undone,
				  "comes after the include of ours");
	if (c->copy)
		container_finding(k, &copied, i->line, "includes %s.d", i->id);
	else if (!c->snippet)
		container_finding(k, &not_generated, i->line,
				  "%s/%s.d/" CONTAINER_SNIPPET_FILE
				  " is not there, or not as it was written",
				  c->dir, i->id);
}

/* What is generated, against what else the configuration comes to. */
static void check_rules(struct container_checking *k)
{
	static const char *const families[] = { "cgroup", "cgroup2" };
	const struct container_snippet *s = k->c->snippet;
	bool need;

	for (int i = 0; i < 2; i++) {
		need = k->c->sum->rules[i];
		if (need && !s->rules[i])
			container_finding(k, &rule_missing, 0,
					  "nothing of lxc.%s is generated",
					  families[i]);
		/* v1 has its "all" until something is denied */
		if (!need && s->rules[i] && i == 1)
			container_finding(k, &rule_alone, 0,
					  "a rule of lxc.%s is generated, and "
					  "there is no other",
					  families[i]);
	}
}

static const char *word_of(const struct container_snippet *s,
			   const struct lxc_facts *f)
{
	/* a node that root named need not be a OneRNG */
	if (s->device == CONTAINER_PASSTHROUGH && *s->place == '/')
		return lxc_device_name(f->device);
	return container_device_name(s->device);
}

static void check_facts(struct container_checking *k)
{
	const struct container_snippet *s = k->c->snippet;
	const struct lxc_facts *f = k->c->facts;

	if (!f) {
		container_finding(k, &facts_missing, 0,
				  "lxc/%s.facts is not there, or not to be "
				  "understood",
				  s->id);
		return;
	}
	if (strcmp(lxc_device_name(f->device), word_of(s, f)) != 0)
		container_finding(k, &device_differs, 0,
				  "the host agent has %s for it, its "
				  "configuration %s",
				  lxc_device_name(f->device), word_of(s, f));
	else if (k->c->node == CONTAINER_NODE_MISSING)
		container_finding(k, &facts_stale, 0, "%s is not there",
				  f->node);
	else if (k->c->node == CONTAINER_NODE_OTHER)
		container_finding(k, &facts_stale, 0, "%s is not %u:%u",
				  f->node, f->major, f->minor);
	if (s->device == CONTAINER_PASSTHROUGH && *s->place != '/' &&
	    *f->node && (s->rules[0] || s->rules[1]) &&
	    (!s->has_number || s->major != f->major || s->minor != f->minor))
		container_finding(k, &rule_stale, 0,
				  "the rule is not of %u:%u, which is its "
				  "device now",
				  f->major, f->minor);
}

static void check_group(struct container_checking *k)
{
	const struct container_snippet *s = k->c->snippet;
	bool pty = s->device == CONTAINER_VIRTUAL ||
		   s->device == CONTAINER_PLAIN;

	if (pty && !k->c->sum->idmapped && k->c->group && (s->mode & 060))
		container_finding(k, &host_group, 0,
				  "the host's group %s may open its device",
				  k->c->group);
}

static void check_agent(struct container_checking *k)
{
	switch (k->c->agent) {
	case CONTAINER_AGENT_UNKNOWN:
		return;
	case CONTAINER_AGENT_DOWN:
		container_finding(k, &agent_down, 0,
				  "the host agent does not answer");
		return;
	case CONTAINER_AGENT_LACKS:
		container_finding(k, &not_registered, 0,
				  "no container %s is known to the host agent",
				  k->c->snippet->id);
		return;
	case CONTAINER_AGENT_KNOWS:
		check_facts(k);
		if (k->c->held)
			container_finding(k, &held, 0,
					  "its terminal is held by who has it "
					  "open");
		return;
	}
}

void container_check_state(struct container_checking *k)
{
	const struct container_known *c = k->c;

	check_include(k);
	if (!c->snippet || c->copy)
		return;
	check_rules(k);
	if (!c->hook_there)
		container_finding(k, &no_hook, 0, "%s/lxc-autodev is not there",
				  c->snippet->hook_dir);
	check_group(k);
	check_agent(k);
}
