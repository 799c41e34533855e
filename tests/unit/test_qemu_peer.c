#include "host-agent/qemu_peer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define UUID  "6f6e6572-6e67-4000-8000-00000000000a"
#define OTHER "6f6e6572-6e67-4000-8000-00000000000b"

#define BY(words) qemu_peer_by_cmdline(words, sizeof(words) - 1, UUID)

Test(qemu_peer, a_command_line_tells_whose_it_is)
{
	cr_assert_eq(BY("qemu\0-uuid\0" UUID "\0"), QEMU_PEER_OWN);
	cr_assert_eq(BY("qemu\0--uuid\0" UUID "\0-S\0"), QEMU_PEER_OWN);
	cr_assert_eq(BY("qemu\0-uuid\0"
			"6F6E6572-6E67-4000-8000-00000000000A\0"),
		     QEMU_PEER_OWN);
	cr_assert_eq(BY("qemu\0-uuid\0" OTHER "\0"), QEMU_PEER_OTHER);
	cr_assert_eq(BY("qemu\0-uuid\0" OTHER "\0-uuid\0" UUID "\0"),
		     QEMU_PEER_OWN);
	cr_assert_eq(BY("qemu\0-uuid\0" UUID "\0-uuid\0" OTHER "\0"),
		     QEMU_PEER_OTHER);
}

Test(qemu_peer, a_command_line_that_does_not_say_is_told_from_another)
{
	cr_assert_eq(BY(""), QEMU_PEER_UNNAMED);
	cr_assert_eq(BY("qemu\0"), QEMU_PEER_UNNAMED);
	cr_assert_eq(BY("qemu\0-name\0" UUID "\0"), QEMU_PEER_UNNAMED);
	cr_assert_eq(BY("qemu\0-uuid\0"), QEMU_PEER_UNNAMED);
	/* cut: not a whole word */
	cr_assert_eq(BY("qemu\0-uuid\0" UUID), QEMU_PEER_UNNAMED);
	/* a value is no option */
	cr_assert_eq(BY("qemu\0-uuid\0-uuid\0" UUID "\0"), QEMU_PEER_OTHER);
}

static enum qemu_peer group(const char *text)
{
	return qemu_peer_by_cgroup(text, "my-vm.1");
}

Test(qemu_peer, a_control_group_tells_whose_it_is)
{
	cr_assert_eq(group("0::/machine.slice/"
			   "machine-qemu\\x2d12\\x2dmy\\x2dvm.1.scope/"
			   "libvirt/emulator\n"),
		     QEMU_PEER_OWN);
	cr_assert_eq(group("0::/machine.slice/"
			   "machine-qemu\\x2d12\\x2dmy\\x2dvm.2.scope/"
			   "libvirt/emulator\n"),
		     QEMU_PEER_OTHER);
	cr_assert_eq(group("5:cpuset:/\n4:memory:/machine/qemu-3-my-vm.1."
			   "libvirt-qemu/emulator\n"),
		     QEMU_PEER_OWN);
	cr_assert_eq(group("4:memory:/machine/qemu-3-myvm2.libvirt-qemu\n"),
		     QEMU_PEER_OTHER);
	/* libvirt drops letters that no host name has */
	cr_assert_eq(qemu_peer_by_cgroup("0::/machine.slice/machine-qemu"
					 "\\x2d1\\x2dlongname.scope\n",
					 "lo_ng name"),
		     QEMU_PEER_OWN);
}

#define X10 "xxxxxxxxxx"
#define X50 X10 X10 X10 X10 X10

static enum qemu_peer by_cut(const char *standing)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "0::/machine.slice/machine-qemu\\x2d12\\x2d%s.scope\n",
		 standing);
	return qemu_peer_by_cgroup(text, X50 "56-890z");
}

Test(qemu_peer, a_part_of_the_name_is_another_name)
{
	static const char web[] = "0::/machine.slice/machine-qemu"
				  "\\x2d1\\x2dweb.scope/libvirt/emulator\n";

	cr_assert_eq(qemu_peer_by_cgroup(web, "web"), QEMU_PEER_OWN);
	cr_assert_eq(qemu_peer_by_cgroup(web, "web1"), QEMU_PEER_OTHER);
	cr_assert_eq(qemu_peer_by_cgroup(web, "web-prod"), QEMU_PEER_OTHER);
	cr_assert_eq(qemu_peer_by_cgroup(web, "we"), QEMU_PEER_OTHER);
	cr_assert_eq(qemu_peer_by_cgroup("0::/qemu-1-w.libvirt-qemu\n", "web"),
		     QEMU_PEER_OTHER);
}

/* qemu-12- are 8 of the 64 characters */
Test(qemu_peer, a_name_is_cut_where_libvirt_cuts_it)
{
	cr_assert_eq(by_cut(X50 "56\\x2d890"), QEMU_PEER_OWN);
	cr_assert_eq(by_cut(X50 "56\\x2d891"), QEMU_PEER_OTHER);
	cr_assert_eq(by_cut(X50 "56\\x2d8"), QEMU_PEER_OTHER);
	cr_assert_eq(by_cut(X50), QEMU_PEER_OTHER);
	/* a dash at the end is taken off */
	cr_assert_eq(qemu_peer_by_cgroup("0::/qemu-1-" X50 "567890"
					 ".libvirt-qemu\n",
					 X50 "567890-b"),
		     QEMU_PEER_OWN);
	cr_assert_eq(qemu_peer_by_cgroup("0::/qemu-1-" X50 "56789"
					 ".libvirt-qemu\n",
					 X50 "56789-b"),
		     QEMU_PEER_OTHER);
}

Test(qemu_peer, another_control_group_says_nothing)
{
	cr_assert_eq(group(""), QEMU_PEER_UNNAMED);
	cr_assert_eq(group("0::/\n"), QEMU_PEER_UNNAMED);
	cr_assert_eq(group("0::/user.slice/session-1.scope\n"),
		     QEMU_PEER_UNNAMED);
	cr_assert_eq(group("0::/machine-lxc\\x2d1\\x2dmy.scope\n"),
		     QEMU_PEER_UNNAMED);
	cr_assert_eq(group("0::/qemu-"), QEMU_PEER_UNNAMED);
	cr_assert_eq(group("0::/qemu-1"), QEMU_PEER_UNNAMED);
	cr_assert_eq(group("0::/qemu-1-"), QEMU_PEER_UNNAMED);
	cr_assert_eq(group("0::/qemu-1-my-vm.1"), QEMU_PEER_UNNAMED);
	cr_assert_eq(group("0::/machine"), QEMU_PEER_UNNAMED);
	cr_assert_eq(group("0::/qemu-1-.libvirt-qemu"), QEMU_PEER_OTHER);
	cr_assert_eq(qemu_peer_by_cgroup("0::/qemu-1-x.libvirt-qemu\n", ""),
		     QEMU_PEER_UNNAMED);
}

Test(qemu_peer, a_process_is_looked_at)
{
	cr_assert_eq(qemu_peer_of(getpid(), UUID, ""), QEMU_PEER_UNNAMED);
	cr_assert_eq(qemu_peer_of(0, UUID, ""), QEMU_PEER_HIDDEN);
	cr_assert_eq(qemu_peer_of(0x7ffffff0, UUID, ""), QEMU_PEER_HIDDEN);
}

Test(qemu_peer, only_three_words_say_what_to_do)
{
	cr_assert_eq(qemu_peer_check_parse("yes"), QEMU_PEER_CHECK_YES);
	cr_assert_eq(qemu_peer_check_parse("warn"), QEMU_PEER_CHECK_WARN);
	cr_assert_eq(qemu_peer_check_parse("no"), QEMU_PEER_CHECK_NO);
	cr_assert_eq(qemu_peer_check_parse(""), -EINVAL);
	cr_assert_eq(qemu_peer_check_parse("YES"), -EINVAL);
}
