#include "host-agent/container_peer.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#define NAME(peer)	 container_peer_by_name(peer, "web")
#define INIT(peer, init) container_peer_by_init(peer, init)

Test(container_peer, the_group_that_lxc_makes_of_the_name_tells_whose_it_is)
{
	cr_assert_eq(NAME("0::/lxc.payload.web\n"), QEMU_PEER_OWN);
	cr_assert_eq(NAME("0::/lxc.payload.web"), QEMU_PEER_OWN);
	cr_assert_eq(NAME("0::/lxc.payload.web/system.slice/a.service\n"),
		     QEMU_PEER_OWN);
	cr_assert_eq(NAME("4:memory:/\n3:cpu,cpuacct:/lxc/web\n0::/\n"),
		     QEMU_PEER_OWN);
	cr_assert_eq(NAME("0::/lxc.payload/web/init.scope\n"), QEMU_PEER_OWN);
	cr_assert_eq(NAME("0::/lxc.payload.web/lxc.payload.inner\n"),
		     QEMU_PEER_OWN);
}

Test(container_peer, other_names_are_others)
{
	cr_assert_eq(NAME("0::/lxc.payload.we\n"), QEMU_PEER_OTHER);
	cr_assert_eq(NAME("0::/lxc.payload.web2\n"), QEMU_PEER_OTHER);
	cr_assert_eq(NAME("0::/lxc.payload.mail/lxc.payload.web\n"),
		     QEMU_PEER_OTHER);
	cr_assert_eq(NAME("4:memory:/lxc/web\n3:cpu:/lxc/mail\n"),
		     QEMU_PEER_OTHER);
	/* what a user makes below his own */
	cr_assert_eq(NAME("0::/user.slice/user-1000.slice/lxc.payload.web\n"),
		     QEMU_PEER_OTHER);
	cr_assert_eq(NAME("0::/user.slice/lxc/web\n"), QEMU_PEER_OTHER);
}

Test(container_peer, a_process_of_the_host_is_in_none)
{
	static const char *const texts[] = {
		"",
		"\n",
		"0::/\n",
		"0::/user.slice/user-1000.slice/session-2.scope\n",
		"0::/lxc.monitor.web\n",
		"0::/lxc.payload",
		"0::/lxc",
		"0::/lxc/",
		"0::/web",
		"garbage",
	};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert_neq(NAME(texts[i]), QEMU_PEER_OWN, "%s", texts[i]);
	cr_assert_eq(NAME(texts[3]), QEMU_PEER_UNNAMED);
	cr_assert_eq(NAME(texts[4]), QEMU_PEER_UNNAMED);
}

Test(container_peer, the_first_process_tells_it_whatever_the_name)
{
	const char *init = "0::/lxc.payload.a b-1/init.scope\n";

	cr_assert_eq(INIT("0::/lxc.payload.a b-1/system.slice/x\n", init),
		     QEMU_PEER_OWN);
	cr_assert_eq(INIT("0::/lxc.payload.a b-1\n", init), QEMU_PEER_OWN);
	cr_assert_eq(INIT("0::/lxc.payload.a b-12\n", init), QEMU_PEER_OTHER);
	cr_assert_eq(INIT("0::/lxc.payload.a b\n", init), QEMU_PEER_OTHER);
	cr_assert_eq(INIT("0::/init.scope\n", init), QEMU_PEER_UNNAMED);
	cr_assert_eq(INIT("", init), QEMU_PEER_UNNAMED);
}

Test(container_peer, each_hierarchy_that_the_container_has_counts)
{
	const char *init = "9:name=systemd:/lxc.payload.web\n"
			   "4:memory:/elsewhere\n0::/lxc.payload.web\n";

	cr_assert_eq(INIT("9:name=systemd:/lxc.payload.web/a\n4:memory:/\n"
			  "0::/lxc.payload.web\n",
			  init),
		     QEMU_PEER_OWN);
	cr_assert_eq(INIT("9:name=systemd:/lxc.payload.web\n"
			  "4:memory:/elsewhere\n0::/\n",
			  init),
		     QEMU_PEER_OTHER);
	cr_assert_eq(INIT("9:name=systemd:/lxc.payload.web\n", init),
		     QEMU_PEER_OTHER);
}

Test(container_peer, a_users_container_is_his_wherever_it_is)
{
	const char *init =
		"0::/user.slice/u.scope/lxc.payload.web/init.scope\n";

	cr_assert_eq(INIT("0::/user.slice/u.scope/lxc.payload.web/a\n", init),
		     QEMU_PEER_OWN);
	cr_assert_eq(INIT("0::/user.slice/v.scope/lxc.payload.web/a\n", init),
		     QEMU_PEER_OTHER);
	cr_assert_eq(INIT("0::/lxc.payload.web\n", init), QEMU_PEER_OTHER);
}

Test(container_peer, a_group_of_another_name_is_whole)
{
	const char *init = "4:memory:/\n0::/machines/web/init.scope\n";

	cr_assert_eq(INIT("4:memory:/\n0::/machines/web/x\n", init),
		     QEMU_PEER_OWN);
	cr_assert_eq(INIT("4:memory:/\n0::/machines/web2\n", init),
		     QEMU_PEER_UNNAMED);
	/* one that has none of its own tells nothing */
	cr_assert_eq(INIT("0::/\n", "0::/\n"), QEMU_PEER_UNNAMED);
	cr_assert_eq(INIT("0::/\n", "0::/init.scope\n"), QEMU_PEER_UNNAMED);
	cr_assert_eq(INIT("0::/\n", ""), QEMU_PEER_UNNAMED);
}

Test(container_peer, who_cannot_be_looked_at_is_hidden)
{
	cr_assert_eq(container_peer_of(0, 0, "web"), QEMU_PEER_HIDDEN);
	cr_assert_eq(container_peer_of(-1, getpid(), "web"), QEMU_PEER_HIDDEN);
	cr_assert_neq(container_peer_of(getpid(), 0, "web"), QEMU_PEER_HIDDEN);
}
