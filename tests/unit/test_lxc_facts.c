#include "lxc/facts.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/folder.h"

#define GOOD \
	"version=1\ndevice=virtual\nnode=/dev/pts/7\nrdev=136:7\nstate=serving\n"

static struct lxc_facts facts;

static int parse(const char *text)
{
	return lxc_facts_parse(&facts, text, strlen(text));
}

Test(lxc_facts, what_the_agent_writes_is_read)
{
	cr_assert_eq(parse(GOOD), 0);
	cr_assert_eq(facts.device, LXC_DEVICE_VIRTUAL);
	cr_assert_str_eq(facts.node, "/dev/pts/7");
	cr_assert_eq(facts.major, 136);
	cr_assert_eq(facts.minor, 7);
	cr_assert_str_eq(facts.state, "serving");
}

Test(lxc_facts, a_node_may_be_missing)
{
	cr_assert_eq(parse("version=1\ndevice=hwrng\n"), 0);
	cr_assert_eq(facts.device, LXC_DEVICE_HWRNG);
	cr_assert_str_eq(facts.node, "");
	cr_assert_eq(parse("version=1\ndevice=virtual\nnode=/dev/pts/1\n"),
		     -EINVAL, "a node without its numbers");
	cr_assert_eq(parse("version=1\ndevice=virtual\nrdev=136:1\n"), -EINVAL,
		     "numbers without a node");
}

Test(lxc_facts, every_device_has_a_word)
{
	static const char *const words[] = { "none", "virtual", "plain",
					     "hwrng", "passthrough" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		int device = lxc_device_parse(words[i], strlen(words[i]));

		cr_assert_geq(device, 0);
		cr_assert_str_eq(lxc_device_name(device), words[i]);
	}
	cr_assert_eq(lxc_device_parse("virtua", 6), -EINVAL);
	cr_assert_eq(lxc_device_parse("", 0), -EINVAL);
}

Test(lxc_facts, unknown_keys_are_stepped_over)
{
	cr_assert_eq(parse("tomorrow=x y z\n" GOOD), 0);
	cr_assert_eq(parse(GOOD "empty=\n"), 0);
}

Test(lxc_facts, what_is_malformed_is_an_error)
{
	static const char *const wrong[] = {
		"",
		"\n",
		"version=1\n",
		"device=virtual\n",
		"version=2\ndevice=virtual\n",
		"version=1\ndevice=virtual",
		"version=1\nversion=1\ndevice=virtual\n",
		"version=1\ndevice=virtual\ndevice=plain\n",
		"version=1\ndevice=Virtual\n",
		"version=1\ndevice=virtual\nno equals\n",
		"version=1\ndevice=virtual\n=x\n",
		"version=1\ndevice=virtual\na b=x\n",
		"version=1\ndevice=virtual\nstate=\n",
		"version=1\ndevice=virtual\nstate=two words\n",
	};
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_eq(parse(wrong[i]), -EINVAL, "%s", wrong[i]);
	cr_assert_eq(
		lxc_facts_parse(&facts, "version=1\ndevice=none\na=\0\n", 26),
		-EINVAL, "a NUL");
}

static int parse_node(const char *node, const char *rdev)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "version=1\ndevice=virtual\nnode=%s\nrdev=%s\n", node, rdev);
	return parse(text);
}

Test(lxc_facts, paths_are_plain_and_absolute)
{
	char path[LXC_PATH_MAX + 1];

	cr_assert_eq(parse_node("dev/pts/7", "1:1"), -EINVAL);
	cr_assert_eq(parse_node("/", "1:1"), -EINVAL);
	cr_assert_eq(parse_node("", "1:1"), -EINVAL);
	cr_assert_eq(parse_node("/dev/pts/../sda", "1:1"), -EINVAL);
	cr_assert_eq(parse_node("/dev//pts", "1:1"), -EINVAL);
	cr_assert_eq(parse_node("/dev/a b", "1:1"), -EINVAL);
	cr_assert_eq(parse_node("/dev/a\tb", "1:1"), -EINVAL);
	memset(path, 'x', LXC_PATH_MAX);
	path[0] = '/';
	path[LXC_PATH_MAX] = '\0';
	cr_assert_eq(parse_node(path, "1:1"), -EINVAL, "one too long");
	path[LXC_PATH_MAX - 1] = '\0';
	cr_assert_eq(parse_node(path, "1:1"), 0, "the longest");
}

Test(lxc_facts, numbers_are_digits)
{
	static const char *const wrong[] = {
		"",	":",	"1:",	":1",	 "1",	  "-1:2",
		"1:+2", " 1:2", "1:2 ", "1:2:3", "0x1:2", "1:12345678"
	};
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_eq(parse_node("/dev/x", wrong[i]), -EINVAL, "%s",
			     wrong[i]);
	cr_assert_eq(parse_node("/dev/x", "0:1048575"), 0);
	cr_assert_eq(facts.minor, 1048575);
}

Test(lxc_facts, the_maximum_and_one_more)
{
	char text[LXC_FACTS_MAX + 1];

	memset(text, 'x', sizeof(text));
	memcpy(text, GOOD, strlen(GOOD));
	text[strlen(GOOD) + 1] = '=';
	text[LXC_FACTS_MAX - 1] = '\n';
	cr_assert_eq(lxc_facts_parse(&facts, text, LXC_FACTS_MAX), 0);
	text[LXC_FACTS_MAX - 1] = 'x';
	text[LXC_FACTS_MAX] = '\n';
	cr_assert_eq(lxc_facts_parse(&facts, text, LXC_FACTS_MAX + 1), -EINVAL);
}

Test(lxc_facts, an_id_fits_a_path_and_a_shell)
{
	char id[LXC_ID_MAX + 1];

	cr_assert(lxc_id_valid("a"));
	cr_assert(lxc_id_valid("web-1.example_2"));
	cr_assert_not(lxc_id_valid(""));
	cr_assert_not(lxc_id_valid("."));
	cr_assert_not(lxc_id_valid("-n"));
	cr_assert_not(lxc_id_valid("a/b"));
	cr_assert_not(lxc_id_valid("a b"));
	cr_assert_not(lxc_id_valid("a$(id)"));
	memset(id, 'a', sizeof(id));
	id[LXC_ID_MAX] = '\0';
	cr_assert_not(lxc_id_valid(id), "one too long");
	id[LXC_ID_MAX - 1] = '\0';
	cr_assert(lxc_id_valid(id), "the longest");
}

/* A run directory; every test below has its own. */
static void make_run(void)
{
	char path[96];

	folder_make();
	snprintf(path, sizeof(path), "%s/lxc", folder);
	cr_assert_eq(mkdir(path, 0755), 0);
}

static void write_facts(const char *id)
{
	char name[64];

	snprintf(name, sizeof(name), "lxc/%s.facts", id);
	folder_text(name, GOOD);
}

TestSuite(lxc_facts_file, .init = make_run, .fini = folder_remove);

Test(lxc_facts_file, it_is_read_with_its_owner)
{
	write_facts("c1");
	cr_assert_eq(lxc_facts_read(&facts, folder, "c1"), 0);
	cr_assert_eq(facts.owner, geteuid());
	cr_assert_eq(lxc_facts_read(&facts, folder, "c2"), -ENOENT);
	cr_assert_eq(lxc_facts_read(&facts, folder, "../lxc/c1"), -EINVAL);
	cr_assert_eq(lxc_facts_read(&facts, "/nowhere", "c1"), -ENOENT);
}

Test(lxc_facts_file, neither_links_nor_other_files_count)
{
	char path[128], other[128];

	write_facts("c1");
	snprintf(other, sizeof(other), "%s/lxc/c1.facts", folder);
	snprintf(path, sizeof(path), "%s/lxc/link.facts", folder);
	cr_assert_eq(symlink(other, path), 0);
	cr_assert_eq(lxc_facts_read(&facts, folder, "link"), -ELOOP);
	snprintf(path, sizeof(path), "%s/lxc/fifo.facts", folder);
	cr_assert_eq(mkfifo(path, 0644), 0);
	cr_assert_eq(lxc_facts_read(&facts, folder, "fifo"), -EINVAL);
	snprintf(path, sizeof(path), "%s/lxc/hard.facts", folder);
	cr_assert_eq(link(other, path), 0);
	cr_assert_eq(lxc_facts_read(&facts, folder, "hard"), -EPERM);
}

Test(lxc_facts_file, somebody_elses_does_not_count)
{
	char path[128];

	if (geteuid() != 0)
		cr_skip("needs root");
	write_facts("c1");
	snprintf(path, sizeof(path), "%s/lxc/c1.facts", folder);
	cr_assert_eq(chown(path, 65534, 65534), 0);
	cr_assert_eq(lxc_facts_read(&facts, folder, "c1"), -EPERM);
}

Test(lxc_facts_file, a_directory_is_no_link)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/lxc/c1", folder);
	cr_assert_eq(mkdir(path, 0755), 0);
	fd = lxc_facts_directory(folder, "c1");
	cr_assert_geq(fd, 0);
	close(fd);
	snprintf(path, sizeof(path), "%s/lxc/c2", folder);
	cr_assert_eq(symlink("/etc", path), 0);
	cr_assert_lt(lxc_facts_directory(folder, "c2"), 0);
	if (geteuid() != 0)
		return;
	snprintf(path, sizeof(path), "%s/lxc/c1", folder);
	cr_assert_eq(chown(path, 65534, 65534), 0);
	cr_assert_eq(lxc_facts_directory(folder, "c1"), -EPERM);
}
