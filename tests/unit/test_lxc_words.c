#include "lxc/words.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct lxc_words w;
static const char *bad;

/* Words with blanks between them. */
static int parse(const char *line)
{
	static char text[512];
	char *argv[16], *rest = NULL, *word;
	int argc = 0;

	cr_assert_lt(strlen(line), sizeof(text));
	strcpy(text, line);
	for (word = strtok_r(text, " ", &rest); word && argc < 16;
	     word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	lxc_words_init(&w);
	bad = NULL;
	return lxc_words_parse(&w, argc, argv, &bad);
}

Test(lxc_words, nothing_is_the_default)
{
	cr_assert_eq(parse(""), 0);
	cr_assert_str_eq(w.id, "");
	cr_assert_not(w.has_device);
	cr_assert_eq(w.names, 1);
	cr_assert_str_eq(w.name[0], "onerng");
	cr_assert_eq(w.inside.uid, 0);
	cr_assert_eq(w.inside.gid, 20);
	cr_assert_eq(w.inside.mode, 0660);
	cr_assert_not(w.require);
	cr_assert_not(w.socket);
	cr_assert_str_eq(w.run_dir, "/run/onerng");
	cr_assert_eq(w.type, LXC_HOOK_UNKNOWN);
}

Test(lxc_words, a_generated_line_is_understood)
{
	cr_assert_eq(parse("web-1 device=virtual name=onerng name=ttyACM0 "
			   "owner=5 group=6 mode=0640 require=yes socket=yes "
			   "run=/run/other type=start-host"),
		     0);
	cr_assert_str_eq(w.id, "web-1");
	cr_assert_eq(w.device, LXC_DEVICE_VIRTUAL);
	cr_assert_eq(w.names, 2);
	cr_assert_str_eq(w.name[1], "ttyACM0");
	cr_assert_eq(w.inside.uid, 5);
	cr_assert_eq(w.inside.gid, 6);
	cr_assert_eq(w.inside.mode, 0640);
	cr_assert(w.require);
	cr_assert(w.socket);
	cr_assert_str_eq(w.run_dir, "/run/other");
	cr_assert_eq(w.type, LXC_HOOK_START_HOST);
}

Test(lxc_words, a_path_goes_with_passthrough_alone)
{
	cr_assert_eq(parse("x device=passthrough=/dev/ttyACM3"), 0);
	cr_assert_eq(w.device, LXC_DEVICE_PASSTHROUGH);
	cr_assert_str_eq(w.path, "/dev/ttyACM3");
	cr_assert_eq(parse("x device=passthrough"), 0);
	cr_assert_str_eq(w.path, "");
	cr_assert_eq(parse("x device=passthrough=ttyACM3"), -EINVAL);
	cr_assert_eq(parse("x device=virtual=/dev/pts/1"), -EINVAL);
}

Test(lxc_words, what_lxc_appends_gives_the_type)
{
	cr_assert_eq(parse("web device=hwrng any-name lxc autodev"), 0);
	cr_assert_str_eq(w.id, "web");
	cr_assert_eq(w.type, LXC_HOOK_AUTODEV);
	cr_assert_eq(parse("any-name lxc post-stop"), 0);
	cr_assert_str_eq(w.id, "", "the name is none of ours");
	cr_assert_eq(w.type, LXC_HOOK_POST_STOP);
	cr_assert_eq(parse("type=autodev any-name lxc start-host"), 0);
	cr_assert_eq(w.type, LXC_HOOK_AUTODEV, "what root wrote comes first");
}

Test(lxc_words, a_bad_word_is_named_and_the_others_count)
{
	static const char *const wrong[] = {
		"device=",	    "device=usb", "name=",    "name=../x",
		"name=a/b",	    "owner=",	  "owner=-1", "owner=root",
		"owner=4294967295", "mode=4755",  "mode=999", "mode=-1",
		"require=maybe",    "socket=1",	  "run=here", "type=other",
		"later=x",
	};
	char line[128];
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(line, sizeof(line), "%s id require=yes", wrong[i]);
		cr_expect_eq(parse(line), -EINVAL, "%s", wrong[i]);
		cr_expect_str_eq(bad, wrong[i]);
		cr_expect_str_eq(w.id, "id");
		cr_expect(w.require);
	}
}

Test(lxc_words, there_is_one_id)
{
	cr_assert_eq(parse("one two"), -EINVAL);
	cr_assert_str_eq(w.id, "one");
	cr_assert_eq(parse("-x"), -EINVAL);
}

Test(lxc_words, names_and_lengths_have_limits)
{
	char line[256] = "name=a name=b name=c name=d";

	cr_assert_eq(parse(line), 0);
	cr_assert_eq(w.names, LXC_NAMES_MAX);
	strcat(line, " name=e");
	cr_assert_eq(parse(line), -EINVAL);
	memset(line, 'a', sizeof(line));
	memcpy(line, "name=", 5);
	line[5 + LXC_NAME_MAX] = '\0';
	cr_assert_eq(parse(line), -EINVAL, "one too long");
	line[5 + LXC_NAME_MAX - 1] = '\0';
	cr_assert_eq(parse(line), 0, "the longest");
}

Test(lxc_words, a_type_is_a_programs_name_too)
{
	cr_assert_eq(lxc_words_type("/usr/lib/onerng/lxc-pre-start"),
		     LXC_HOOK_PRE_START);
	cr_assert_eq(lxc_words_type("autodev"), LXC_HOOK_AUTODEV);
	cr_assert_eq(lxc_words_type("mount"), LXC_HOOK_OTHER);
	cr_assert_eq(lxc_words_type("onerng-lxc-hook"), LXC_HOOK_UNKNOWN);
	cr_assert_eq(lxc_words_type(""), LXC_HOOK_UNKNOWN);
}
