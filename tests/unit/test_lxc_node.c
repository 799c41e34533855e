#include "lxc/node.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static char why[LXC_WHY_MAX];
static struct lxc_node node;
static struct lxc_facts facts;

/* A pty of ours; its slave is what facts name. */
static int make_pty(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	struct stat st;

	cr_assert_geq(master, 0);
	cr_assert_eq(unlockpt(master), 0);
	cr_assert_eq(ptsname_r(master, facts.node, sizeof(facts.node)), 0);
	cr_assert_eq(stat(facts.node, &st), 0);
	facts.device = LXC_DEVICE_VIRTUAL;
	facts.major = major(st.st_rdev);
	facts.minor = minor(st.st_rdev);
	facts.owner = geteuid();
	return master;
}

static int open_as(enum lxc_device device, const char *path)
{
	int r = lxc_node_open(&node, device, path, &facts, "/nowhere", why);

	lxc_node_close(&node);
	return r;
}

Test(lxc_node, the_agents_pty_is_taken)
{
	make_pty();
	cr_assert_eq(open_as(LXC_DEVICE_VIRTUAL, NULL), 0, "%s", why);
	cr_assert(node.pty);
	facts.device = LXC_DEVICE_PLAIN;
	cr_assert_eq(open_as(LXC_DEVICE_PLAIN, NULL), 0, "%s", why);
}

Test(lxc_node, facts_that_lie_are_refused)
{
	static const char *const nodes[] = { "/dev/null", "/dev/pts/ptmx",
					     "/dev/pts/", "/dev/pts/7x",
					     "/dev/ptmx" };
	size_t i;

	make_pty();
	facts.minor++;
	cr_expect_eq(open_as(LXC_DEVICE_VIRTUAL, NULL), -EPERM, "its number");
	facts.minor--;
	cr_expect_eq(open_as(LXC_DEVICE_PLAIN, NULL), -EPERM, "its kind");
	cr_expect_eq(open_as(LXC_DEVICE_PASSTHROUGH, NULL), -EPERM);
	for (i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		strcpy(facts.node, nodes[i]);
		cr_expect_eq(open_as(LXC_DEVICE_VIRTUAL, NULL), -EPERM, "%s",
			     nodes[i]);
	}
	strcpy(facts.node, "/dev/pts/9999999");
	cr_expect_eq(open_as(LXC_DEVICE_VIRTUAL, NULL), -ENOENT);
	facts.node[0] = '\0';
	cr_expect_eq(open_as(LXC_DEVICE_VIRTUAL, NULL), -ENOENT);
}

Test(lxc_node, what_root_named_is_taken_as_it_is)
{
	cr_assert_eq(open_as(LXC_DEVICE_PASSTHROUGH, "/dev/null"), 0);
	cr_assert_eq(open_as(LXC_DEVICE_PASSTHROUGH, "/nowhere"), -ENOENT);
	cr_assert_eq(open_as(LXC_DEVICE_PASSTHROUGH, "/etc/passwd"), -EPERM);
	cr_assert_not(lxc_node_needs_facts(LXC_DEVICE_PASSTHROUGH, "/dev/x"));
	cr_assert(lxc_node_needs_facts(LXC_DEVICE_PASSTHROUGH, NULL));
	cr_assert_not(lxc_node_needs_facts(LXC_DEVICE_HWRNG, NULL));
}

Test(lxc_node, a_pty_of_somebody_else_is_not_given_away)
{
	struct lxc_owner owner = { .uid = geteuid(),
				   .gid = getegid(),
				   .mode = 0640 };

	make_pty();
	facts.owner = geteuid() + 1;
	cr_assert_eq(lxc_node_open(&node, LXC_DEVICE_VIRTUAL, NULL, &facts,
				   "/nowhere", why),
		     0);
	cr_assert_eq(lxc_node_give(&node, &owner, why), -EPERM);
	lxc_node_close(&node);
}

Test(lxc_node, a_pty_is_given_once_and_again)
{
	struct lxc_owner owner = { .uid = geteuid(),
				   .gid = getegid(),
				   .mode = 0640 };
	struct stat st;

	make_pty();
	cr_assert_eq(lxc_node_open(&node, LXC_DEVICE_VIRTUAL, NULL, &facts,
				   "/nowhere", why),
		     0);
	cr_assert_eq(lxc_node_give(&node, &owner, why), 0, "%s", why);
	cr_assert_eq(stat(facts.node, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0640);
	/* it has this container's owner and mode by now */
	node.agent = geteuid() + 1;
	cr_assert_eq(lxc_node_give(&node, &owner, why), 0);
	owner.mode = 0600;
	cr_assert_eq(lxc_node_give(&node, &owner, why), -EPERM);
	lxc_node_close(&node);
}

Test(lxc_node, no_tty_is_a_onerng_without_its_usb_device)
{
	strcpy(facts.node, "/dev/ttyACM7");
	facts.device = LXC_DEVICE_PASSTHROUGH;
	cr_assert_lt(open_as(LXC_DEVICE_PASSTHROUGH, NULL), 0);
	strcpy(facts.node, "/dev/ttyS0");
	cr_assert_eq(open_as(LXC_DEVICE_PASSTHROUGH, NULL), -EPERM);
}
