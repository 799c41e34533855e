#include "host-agent/device_facts.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], path[128];
static struct device_facts f;

static void setup(void)
{
	char lxc[80];

	snprintf(dir, sizeof(dir), "/tmp/onerng-facts-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	snprintf(lxc, sizeof(lxc), "%s/lxc", dir);
	cr_assert_eq(mkdir(lxc, 0700), 0);
	snprintf(path, sizeof(path), "%s/lxc/web.facts", dir);
	f = (struct device_facts){ .device = CONSUMER_DEVICE_VIRTUAL,
				   .node = "/dev/pts/7",
				   .major = 136,
				   .minor = 7,
				   .state = "serving" };
}

static void teardown(void)
{
	char lxc[80];

	snprintf(lxc, sizeof(lxc), "%s/lxc", dir);
	unlink(path);
	rmdir(lxc);
	rmdir(dir);
}

TestSuite(device_facts, .init = setup, .fini = teardown);

static ino_t written(void)
{
	struct stat st;

	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0644);
	return st.st_ino;
}

Test(device_facts, a_node_stands_there_while_there_is_one)
{
	char text[FACTS_MAX];

	cr_assert_eq(device_facts_text(&f, text), strlen(text));
	cr_assert_str_eq(text, "version=1\ndevice=virtual\nnode=/dev/pts/7\n"
			       "rdev=136:7\nstate=serving\n");
	f.node[0] = '\0';
	f.device = CONSUMER_DEVICE_NONE;
	device_facts_text(&f, text);
	cr_assert_str_eq(text, "version=1\ndevice=none\nstate=serving\n");
}

Test(device_facts, the_longest_fit)
{
	char text[FACTS_MAX];

	memset(f.node, 'n', sizeof(f.node) - 1);
	f.device = CONSUMER_DEVICE_PASSTHROUGH;
	f.major = 0xffffffff;
	f.minor = 0xffffffff;
	f.state = "recovering";
	cr_assert_lt(device_facts_text(&f, text), FACTS_MAX / 2);
}

Test(device_facts, the_file_is_renamed_only_if_something_changed)
{
	ino_t first;
	int keep;

	umask(0077);
	cr_assert_eq(device_facts_write(dir, "web", &f), 0);
	first = written();
	keep = open(path, O_RDONLY | O_CLOEXEC); /* keeps its inode's number */
	cr_assert_eq(device_facts_write(dir, "web", &f), 0);
	cr_assert_eq(written(), first);
	f.minor = 8;
	cr_assert_eq(device_facts_write(dir, "web", &f), 0);
	cr_assert_neq(written(), first);
	close(keep);
}

Test(device_facts, a_link_in_its_place_is_replaced_not_followed)
{
	char victim[128];
	struct stat st;

	snprintf(victim, sizeof(victim), "%s/victim", dir);
	close(open(victim, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	cr_assert_eq(symlink(victim, path), 0);
	cr_assert_eq(device_facts_write(dir, "web", &f), 0);
	cr_assert_eq(stat(victim, &st), 0);
	cr_assert_eq(st.st_size, 0);
	cr_assert_eq(lstat(path, &st), 0);
	cr_assert(S_ISREG(st.st_mode));
	unlink(victim);
}

Test(device_facts, a_folder_that_is_gone_is_an_error)
{
	cr_assert_eq(device_facts_write("/nonexistent", "web", &f), -ENOENT);
}

Test(device_facts, equal_means_all_of_it)
{
	struct device_facts g = f;

	cr_assert(device_facts_equal(&f, &g));
	g.state = "no-device";
	cr_assert_not(device_facts_equal(&f, &g));
	g = f;
	g.node[9] = '8';
	cr_assert_not(device_facts_equal(&f, &g));
	g = f;
	g.state = NULL; /* nothing was told yet */
	cr_assert_not(device_facts_equal(&f, &g));
}

Test(device_facts, a_port_without_a_terminal_has_no_node)
{
	device_facts_find_acm(&f, "99-99");
	cr_assert_str_eq(f.node, "");
}
