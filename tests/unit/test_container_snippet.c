#include "lxc/container_snippet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

static struct container_snippet s;
static const char *why;

static void begin(void)
{
	container_snippet_init(&s);
	snprintf(s.id, sizeof(s.id), "web");
	snprintf(s.config, sizeof(s.config), "/var/lib/lxc/my web/config");
	snprintf(s.run_dir, sizeof(s.run_dir), "/run/onerng");
	snprintf(s.hook_dir, sizeof(s.hook_dir), "/usr/lib/onerng");
	s.rules[0] = s.rules[1] = true;
}

TestSuite(container_snippet, .init = begin);

static int set(const char *option, const char *value)
{
	return container_snippet_set(&s, option, value, &why);
}

static void has(const char *want)
{
	char *text = container_snippet_text(&s);

	cr_assert_not_null(text);
	cr_expect(strstr(text, want), "no \"%s\" in:\n%s", want, text);
	free(text);
}

static void has_not(const char *unwanted)
{
	char *text = container_snippet_text(&s);

	cr_assert_not_null(text);
	cr_expect_not(strstr(text, unwanted), "\"%s\" in:\n%s", unwanted, text);
	free(text);
}

/* Written, read back, and written again. */
static void comes_back(void)
{
	char *text = container_snippet_text(&s), *again;
	struct container_snippet back;

	cr_assert_eq(container_snippet_parse(text, &back), 0, "%s", text);
	again = container_snippet_text(&back);
	cr_expect_str_eq(again, text);
	free(again);
	free(text);
}

Test(container_snippet, a_virtual_device_has_both_families_and_four_hooks)
{
	set("name", "onerng");
	has("\nlxc.cgroup.devices.allow = c 136:* rw\n"
	    "lxc.cgroup2.devices.allow = c 136:* rw\n");
	has("\nlxc.hook.autodev = </dev/null; [ ! -x /usr/lib/onerng/lxc-autodev ] || "
	    "exec /usr/lib/onerng/lxc-autodev web device=virtual name=onerng "
	    "owner=0 group=20 mode=0660 require=no #\n");
	has("\nlxc.hook.pre-start = ");
	has("\nlxc.hook.start-host = ");
	has("\nlxc.hook.post-stop = ");
	has_not("lxc.mount.entry");
	has_not("deny");
	has_not("rwm");
	comes_back();
}

Test(container_snippet, a_family_without_rules_gets_none)
{
	s.rules[1] = false;
	set("name", "onerng");
	has("\nlxc.cgroup.devices.allow = c 136:* rw\n");
	has_not("lxc.cgroup2.devices");
	comes_back();
	s.rules[0] = false;
	has_not("devices.allow");
	comes_back();
}

Test(container_snippet, the_kernels_source_is_for_reading_only)
{
	cr_assert_eq(set("device", "hwrng"), 0);
	set("name", "hwrng");
	has("lxc.cgroup2.devices.allow = c 10:183 r\n");
	comes_back();
}

Test(container_snippet, what_is_passed_through_has_its_number_or_waits)
{
	cr_assert_eq(set("device", "passthrough=1-2.3"), 0);
	set("name", "ttyACM0");
	has("# port: 1-2.3\n");
	has_not("devices.allow");
	has(" device=passthrough name=ttyACM0 ");
	comes_back();
	s.has_number = true;
	s.major = 166;
	s.minor = 4;
	has("lxc.cgroup.devices.allow = c 166:4 rw\n");
	comes_back();
	cr_assert_eq(set("device", "passthrough=/dev/pts/3"), 0);
	has(" device=passthrough=/dev/pts/3 ");
	has_not("# port");
	comes_back();
	cr_assert_eq(set("device", "passthrough"), 0);
	has(" device=passthrough ");
	comes_back();
}

Test(container_snippet, a_socket_brings_its_folder)
{
	cr_assert_eq(set("socket", "yes"), 0);
	set("name", "onerng");
	has("\nlxc.mount.entry = /run/onerng/lxc/web dev/onerng.d none "
	    "bind,ro,optional,create=dir 0 0\n");
	has(" socket=yes #\n");
	comes_back();
	snprintf(s.run_dir, sizeof(s.run_dir), "/srv/run");
	has("\nlxc.mount.entry = /srv/run/lxc/web dev/onerng.d ");
	has(" socket=yes run=/srv/run #\n");
	comes_back();
}

Test(container_snippet, every_option_is_taken_and_comes_back)
{
	cr_assert_eq(set("device", "plain"), 0);
	cr_assert_eq(set("name", "onerng"), 0);
	cr_assert_eq(set("name", "ttyACM0"), 0);
	cr_assert_eq(set("name", "onerng"), 0, "twice is once");
	cr_assert_eq(set("owner", "1000"), 0);
	cr_assert_eq(set("group", "0"), 0);
	cr_assert_eq(set("mode", "440"), 0);
	cr_assert_eq(set("require", "yes"), 0);
	has(" web device=plain name=onerng name=ttyACM0 owner=1000 group=0 "
	    "mode=0440 require=yes #\n");
	comes_back();
}

static void refuses(const char *option, const char *value)
{
	cr_expect_eq(set(option, value), -EINVAL, "%s=%s", option, value);
	cr_expect(why && *why);
}

Test(container_snippet, what_a_shell_or_a_path_would_mind_is_refused)
{
	static const char *const devices[] = {
		"",
		"none",
		"Virtual",
		"virtual=1",
		"passthrough=",
		"passthrough=usb",
		"passthrough=1-2;x",
		"passthrough=/etc/passwd",
		"passthrough=/dev/",
		"passthrough=/dev/../etc/passwd",
		"passthrough=/dev/a b",
		"passthrough=/dev/$(id)",
		"passthrough=/dev/a#",
	};
	static const char *const names[] = {
		"",   ".",	  "..",	  "-x",	 "a/b", "a b", "$(x)",
		"a#", "onerng.d", "a\nb", "a'b", "a=b", "a\"", "\xc3\xa4"
	};

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		refuses("device", devices[i]);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		refuses("name", names[i]);
	refuses("name", "a-name-of-32-letters-is-too-long");
	refuses("owner", "-1");
	refuses("owner", "4294967295");
	refuses("group", "dialout");
	refuses("mode", "0777");
	refuses("mode", "");
	refuses("mode", "8");
	refuses("mode", "00660");
	refuses("require", "maybe");
	refuses("socket", "");
	refuses("colour", "red");
}

Test(container_snippet, there_are_at_most_four_names)
{
	cr_assert_eq(set("name", "a"), 0);
	cr_assert_eq(set("name", "b"), 0);
	cr_assert_eq(set("name", "c"), 0);
	cr_assert_eq(set("name", "d"), 0);
	refuses("name", "e");
}

Test(container_snippet, what_is_no_such_file_is_not_understood)
{
	static const char *const bad[] = {
		"",
		"# config: /a\n",
		"lxc.uts.name = web\n",
		"# config: /a\nlxc.hook.autodev = /bin/true\n",
		"lxc.hook.autodev = </dev/null; [ ! -x /l/lxc-autodev ] || exec "
		"/l/lxc-autodev web device=virtual #\n",
		"# config: /a\nlxc.hook.autodev = </dev/null; [ ! -x /l/lxc-autodev ] || "
		"exec /m/lxc-autodev web device=virtual #\n",
		"# config: /a\nlxc.hook.autodev = </dev/null; [ ! -x /l/lxc-autodev ] || "
		"exec /l/lxc-autodev\n",
		"# config: /a\nlxc.hook.autodev = </dev/null; [ ! -x /l/lxc-autodev ] || exec "
		"/l/lxc-autodev .. device=virtual #\n",
		"# config: /a\nlxc.hook.autodev = </dev/null; [ ! -x /l/lxc-autodev ] || "
		"exec /l/lxc-autodev web device=magic #\n",
		"# config: a\nlxc.hook.autodev = </dev/null; "
		"[ ! -x /l/lxc-autodev ] || exec /l/lxc-autodev web #\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(container_snippet_parse(bad[i], &s), -EINVAL,
			     "taken: %s", bad[i]);
}
