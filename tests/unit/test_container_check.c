#include "lxc/container_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#define DIR_LXC "/etc/onerng/lxc"
#define OURS	"lxc.include = " DIR_LXC "/web.d/\n"

static struct container_known k;
static struct container_include include;
static struct container_sum sum;
static struct container_snippet snippet;
static struct lxc_facts facts;
static struct findings found;

/* A container with which all is well. */
static void begin(void)
{
	container_snippet_init(&snippet);
	snprintf(snippet.id, sizeof(snippet.id), "web");
	snprintf(snippet.hook_dir, sizeof(snippet.hook_dir), "/usr/lib/onerng");
	facts = (struct lxc_facts){ .device = LXC_DEVICE_VIRTUAL,
				    .node = "/dev/pts/7",
				    .major = 136,
				    .minor = 7 };
	k = (struct container_known){ .name = "web",
				      .config = "/var/lib/lxc/web/config",
				      .dir = DIR_LXC,
				      .include = &include,
				      .sum = &sum,
				      .snippet = &snippet,
				      .agent = CONTAINER_AGENT_KNOWS,
				      .facts = &facts,
				      .node = CONTAINER_NODE_THERE,
				      .hook_there = true };
}

static void end(void)
{
	findings_clear(&found);
}

TestSuite(container_check, .init = begin, .fini = end);

static void check(const char *text)
{
	findings_clear(&found);
	k.text = text;
	container_edit_find(text, DIR_LXC, &include);
	container_conf_sum(k.config, text, DIR_LXC, &sum);
	container_check(&k, &found);
	cr_assert_eq(found.err, 0);
}

static const struct finding *find(const char *code)
{
	for (size_t i = 0; i < found.count; i++)
		if (!strcmp(found.finding[i].code, code))
			return &found.finding[i];
	return NULL;
}

/* It is the only one; its line, 0: none. */
static void only(const char *code, unsigned int line)
{
	const struct finding *f = find(code);

	cr_assert_eq(found.count, 1, "%zu findings, the first is %s",
		     found.count, found.count ? found.finding[0].code : "none");
	cr_assert(f, "%s, not %s", found.finding[0].code, code);
	cr_expect_eq(f->line, line);
	cr_expect(*f->what && *f->why && *f->command);
	cr_expect_not(strstr(f->command, "%s"));
}

static void nothing(void)
{
	cr_expect_eq(found.count, 0, "%s", found.finding[0].code);
}

Test(container_check, a_group_of_the_hosts_that_may_open_its_terminal)
{
	k.group = "dialout";
	check(OURS);
	only("host-group", 0);
	cr_assert(strstr(found.finding[0].what, "dialout"));
	snippet.mode = 0600;
	check(OURS);
	nothing();
	snippet.mode = 0660;
	check("lxc.idmap = u 0 100000 65536\n"
	      "lxc.idmap = g 0 100000 65536\n" OURS);
	nothing();
}

Test(container_check, a_container_as_it_should_be_has_no_finding)
{
	check("lxc.uts.name = web\n" OURS);
	nothing();
}

Test(container_check, one_that_has_nothing_of_ours_gets_a_note)
{
	k.snippet = NULL;
	check("lxc.uts.name = web\n");
	only("not-attached", 0);
	cr_expect_eq(found.finding[0].severity, FINDING_NOTE);
	cr_expect_str_eq(found.finding[0].command,
			 "onerngctl container attach web");
}

Test(container_check, includes_at_the_wrong_place_or_of_the_wrong_kind)
{
	check("lxc.uts.name = web\n");
	only("include-gone", 0);
	check(OURS OURS);
	only("include-twice", 2);
	check("lxc.include = " DIR_LXC "/web.d\n");
	only("include-no-slash", 1);
	check(OURS "lxc.cgroup.devices.deny =\n");
	only("include-undone", 2);
	check(OURS "lxc.include = /nowhere/a/\nlxc.include = "
		   "/dev/../dev/null/userns.conf\n");
	cr_assert(find("userns-after"));
	cr_expect_eq(find("userns-after")->line, 3);
	check(OURS "lxc.uts.name = web\n");
	nothing();
	k.copy = true;
	check("lxc.uts.name = web\n" OURS);
	only("include-of-another", 2);
	k.copy = false;
	k.snippet = NULL;
	check(OURS);
	only("generated-missing", 1);
}

Test(container_check, rules_have_to_go_with_those_that_are_there)
{
	check("lxc.cgroup2.devices.deny = a\n" OURS);
	only("rule-missing", 0);
	snippet.rules[1] = true;
	check("lxc.cgroup2.devices.deny = a\n" OURS);
	nothing();
	check(OURS);
	only("rule-alone", 0);
	snippet.rules[1] = false;
	snippet.rules[0] = true;
	check(OURS);
	nothing();
}

Test(container_check, the_agent_has_to_run_and_know_it)
{
	k.agent = CONTAINER_AGENT_DOWN;
	check(OURS);
	only("agent-down", 0);
	k.agent = CONTAINER_AGENT_LACKS;
	check(OURS);
	only("not-registered", 0);
	k.agent = CONTAINER_AGENT_UNKNOWN;
	check(OURS);
	nothing();
}

Test(container_check, a_terminal_that_is_held_is_told)
{
	k.held = true;
	check(OURS);
	only("terminal-held", 0);
	k.agent = CONTAINER_AGENT_DOWN;
	check(OURS);
	only("agent-down", 0);
}

Test(container_check, facts_have_to_be_there_and_true)
{
	k.facts = NULL;
	check(OURS);
	only("facts-missing", 0);
	k.facts = &facts;
	k.node = CONTAINER_NODE_MISSING;
	check(OURS);
	only("facts-stale", 0);
	k.node = CONTAINER_NODE_OTHER;
	check(OURS);
	only("facts-stale", 0);
	facts.device = LXC_DEVICE_HWRNG;
	check(OURS);
	only("device-differs", 0);
}

Test(container_check, what_is_passed_through_has_another_number_each_time)
{
	snippet.device = CONTAINER_PASSTHROUGH;
	snippet.rules[1] = true;
	snippet.has_number = true;
	snippet.major = facts.major = 166;
	snippet.minor = facts.minor = 3;
	facts.device = LXC_DEVICE_PASSTHROUGH;
	check("lxc.cgroup2.devices.deny = a\n" OURS);
	nothing();
	facts.minor = 4;
	check("lxc.cgroup2.devices.deny = a\n" OURS);
	only("rule-stale", 0);
	cr_expect_str_eq(found.finding[0].command,
			 "onerngctl container refresh web");
	snprintf(snippet.place, sizeof(snippet.place), "/dev/pts/3");
	check("lxc.cgroup2.devices.deny = a\n" OURS);
	nothing();
}

Test(container_check, a_program_that_is_not_installed_puts_nothing_there)
{
	k.hook_there = false;
	check(OURS);
	only("hook-not-installed", 0);
}

Test(container_check, rules_by_hand)
{
	k.acm[0] = 2;
	k.acms = 1;
	check("lxc.cgroup.devices.allow = c 166:2 rw\n"
	      "lxc.cgroup2.devices.allow = c 166:2 rw\n" OURS);
	cr_expect_not(find("acm-any"));
	cr_expect_not(find("acm-stale"));
	cr_expect_not(find("one-family"));
	check("lxc.cgroup.devices.allow = c 166:* rwm\n"
	      "lxc.cgroup2.devices.allow = c 166:1 rw\n" OURS);
	cr_assert(find("acm-any"));
	cr_expect_eq(find("acm-any")->line, 1);
	cr_assert(find("acm-stale"));
	cr_expect_eq(find("acm-stale")->line, 2);
	check("lxc.cgroup.devices.allow = c 10:183 r\n" OURS);
	cr_assert(find("one-family"));
	check("lxc.cgroup.devices.allow = c 1:3 r\n" OURS);
	cr_expect_not(find("one-family"), "it is none of our business");
}

Test(container_check, mounts_by_hand)
{
	check("lxc.mount.entry = /dev/hwrng dev/hwrng none "
	      "bind,optional,create=file 0 0\n" OURS);
	only("optional-file", 1);
	check("lxc.mount.entry = /dev/hwrng dev/hwrng none bind,create=file\n" OURS);
	nothing();
	check("lxc.mount.entry = /run/onerng/lxc/web/egd.sock run/egd.sock none "
	      "bind,create=file 0 0\n" OURS);
	only("socket-file", 1);
	check("lxc.mount.entry = /dev/ttyACM9 dev/ttyACM0 none bind 0 0\n" OURS);
	only("acm-stale", 1);
	check("lxc.mount.entry = short\n" OURS);
	nothing();
}

Test(container_check, hooks_by_hand)
{
	check("lxc.hook.autodev = /bin/true\n" OURS);
	nothing();
	check("lxc.hook.autodev = /no/such/hook with words\n" OURS);
	only("hook-missing", 1);
	check("lxc.hook.autodev = /usr/lib/onerng/lxc-autodev\n" OURS);
	only("hook-unguarded", 1);
	check("lxc.hook.autodev = [ ! -x /bin/true ] || exec /bin/true #\n" OURS);
	only("hook-exec", 1);
	check("lxc.hook.autodev = </dev/null; [ ! -x /a ] || exec /a #\n" OURS);
	nothing();
	check("lxc.autodev = 0\n" OURS);
	only("autodev-off", 1);
}

Test(container_check, a_name_that_a_shell_minds)
{
	k.name = "x$(touch y)";
	check("lxc.hook.autodev = /bin/true\n" OURS);
	only("hook-name", 1);
	check("lxc.hook.version = 1\nlxc.hook.autodev = /bin/true\n" OURS);
	nothing();
	check("lxc.hook.autodev = /bin/true #\n" OURS);
	nothing();
	k.agent = CONTAINER_AGENT_LACKS;
	check(OURS);
	only("not-registered", 0);
	cr_expect_str_eq(found.finding[0].command,
			 "onerngctl container attach 'x$(touch y)'");
	k.name = "it's";
	check(OURS);
	cr_expect_str_eq(found.finding[0].command,
			 "onerngctl container attach 'it'\\''s'");
}

Test(container_check, an_include_of_nothing_keeps_it_from_starting)
{
	check("lxc.include = /no/such/file\n" OURS);
	only("include-missing", 1);
	cr_expect_str_eq(found.finding[0].command,
			 "sensible-editor /var/lib/lxc/web/config");
}

Test(container_check, proxmox_writes_it_anew)
{
	check("lxc.hook.pre-start = </dev/null; "
	      "/usr/share/lxc/hooks/lxc-pve-prestart-hook\n" OURS);
	only("proxmox", 0);
}
