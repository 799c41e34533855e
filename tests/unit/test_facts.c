#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/facts.h"
#include "tests/unit/folder.h"

#define DAC                                              \
	"<secmodel><model>dac</model><doi>0</doi>"       \
	"<baselabel type='kvm'>+64055:+107</baselabel>"  \
	"<baselabel type='qemu'>+64055:+107</baselabel>" \
	"</secmodel>"
#define APPARMOR "<secmodel><model>apparmor</model><doi>0</doi></secmodel>"
#define RUN_DIR	 "/run/onerng"

TestSuite(facts, .init = folder_make, .fini = folder_remove);

Test(facts, qemu_runs_as_the_capabilities_say)
{
	uid_t uid;
	gid_t gid;

	cr_assert_eq(facts_qemu_user("<host>" APPARMOR DAC, &uid, &gid), 0);
	cr_assert_eq(uid, 64055);
	cr_assert_eq(gid, 107);
}

Test(facts, qemus_user_is_unknown_without_that_model)
{
	uid_t uid;
	gid_t gid;

	cr_assert_eq(facts_qemu_user("", &uid, &gid), -ENOENT);
	cr_assert_eq(facts_qemu_user(APPARMOR, &uid, &gid), -ENOENT);
	cr_assert_eq(facts_qemu_user("<model>dac</model></secmodel>"
				     "<baselabel type='x'>+1:+2</baselabel>",
				     &uid, &gid),
		     -ENOENT);
	cr_assert_eq(facts_qemu_user("<model>dac</model><baselabel type='x'>"
				     "root</baselabel></secmodel>",
				     &uid, &gid),
		     -ENOENT);
	cr_assert_eq(facts_qemu_user("<model>dac</model><baselabel type=", &uid,
				     &gid),
		     -ENOENT);
}

Test(facts, apparmor_that_is_not_enforced_is_unknown)
{
	folder_text("abstractions/libvirt-qemu", "/dev/kvm rw,\n");
	cr_assert_eq(facts_apparmor(DAC, folder, RUN_DIR),
		     DOMAIN_APPARMOR_UNKNOWN);
}

Test(facts, apparmor_lacks_a_rule_that_is_not_there)
{
	cr_assert_eq(facts_apparmor(APPARMOR, folder, RUN_DIR),
		     DOMAIN_APPARMOR_UNKNOWN);
	folder_text("abstractions/libvirt-qemu",
		    "/dev/kvm rw,\n/run/onerng-x r,\n");
	cr_assert_eq(facts_apparmor(APPARMOR, folder, RUN_DIR),
		     DOMAIN_APPARMOR_LACKS);
	folder_text("local/abstractions/libvirt-qemu",
		    "\n  # /run/onerng/kvm/*.sock rw,\n");
	cr_assert_eq(facts_apparmor(APPARMOR, folder, RUN_DIR),
		     DOMAIN_APPARMOR_LACKS);
}

Test(facts, apparmor_allows_by_a_local_rule_or_by_its_own)
{
	folder_text("abstractions/libvirt-qemu", "/dev/kvm rw,\n");
	folder_text("local/abstractions/libvirt-qemu",
		    "  /run/onerng/kvm/*.sock rw,\n");
	cr_assert_eq(facts_apparmor(APPARMOR, folder, RUN_DIR),
		     DOMAIN_APPARMOR_ALLOWS);
	folder_text("local/abstractions/libvirt-qemu", "");
	folder_text("abstractions/libvirt-qemu", "/run/onerng/kvm/*.sock rw,");
	cr_assert_eq(facts_apparmor(APPARMOR, folder, RUN_DIR),
		     DOMAIN_APPARMOR_ALLOWS);
}

static enum domain_apparmor by_rule(const char *rule)
{
	folder_text("local/abstractions/libvirt-qemu", rule);
	return facts_apparmor(APPARMOR, folder, RUN_DIR);
}

Test(facts, apparmor_allows_by_a_rule_that_matches_and_lets_write)
{
	static const char *const good[] = { "/run/onerng/kvm/*.sock rw,",
					    " /run/onerng/** rwk,",
					    "allow \"/run/onerng/kvm/*\" w,",
					    "file /run/** rw," };
	static const char *const bad[] = {
		"deny /run/onerng/kvm/*.sock rw,",
		"audit deny /run/onerng/kvm/*.sock rw,",
		"/run/onerng/host.sock rw,",
		"/run/onerng/kvm/*.sock r,",
		"/srv/run/onerng/kvm/*.sock rw,",
		"owner /run/onerng/kvm/*.sock rw,",
	};
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++)
		cr_expect_eq(by_rule(good[i]), DOMAIN_APPARMOR_ALLOWS, "%s",
			     good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_eq(by_rule(bad[i]), DOMAIN_APPARMOR_LACKS, "%s",
			     bad[i]);
}

/* A USB device of sysfs at 1:number. */
static void plug(unsigned int number, const char *vendor, const char *product)
{
	char name[64], text[16];

	snprintf(name, sizeof(name), "1-%u/idVendor", number);
	folder_text(name, vendor);
	snprintf(name, sizeof(name), "1-%u/idProduct", number);
	folder_text(name, product);
	snprintf(name, sizeof(name), "1-%u/busnum", number);
	folder_text(name, "1\n");
	snprintf(name, sizeof(name), "1-%u/devnum", number);
	snprintf(text, sizeof(text), "%u\n", number);
	folder_text(name, text);
}

Test(facts, onerngs_are_found_among_usb_devices)
{
	struct domain_facts f = { 0 };

	facts_usb("/nowhere", &f);
	cr_assert_eq(f.usb_count, 0);
	plug(12, "1d50\n", "6086\n");
	plug(13, "1d50\n", "6087\n");
	folder_text("1-1:1.0/bInterfaceNumber", "00\n");
	folder_text("1-3/idVendor", "");
	facts_usb(folder, &f);
	cr_assert_eq(f.usb_count, 2);
	cr_assert_eq(f.onerng_count, 1);
	cr_assert_eq(f.onerngs[0].bus, 1);
	cr_assert_eq(f.onerngs[0].device, 12);
}

Test(facts, no_more_onerngs_than_there_is_room_for)
{
	struct domain_facts f = { 0 };
	unsigned int i;

	for (i = 1; i <= DOMAIN_ONERNGS_MAX + 1; i++)
		plug(i, "1d50\n", "6086\n");
	facts_usb(folder, &f);
	cr_assert_eq(f.onerng_count, DOMAIN_ONERNGS_MAX);
	cr_assert_eq(f.usb_count, DOMAIN_ONERNGS_MAX + 1);
}

Test(facts, of_more_usb_devices_than_there_is_room_for_nothing_is_known)
{
	struct domain_facts f = { 0 };
	unsigned int i;

	for (i = 1; i <= DOMAIN_USB_MAX + 1; i++)
		plug(i, "1d6b\n", "0002\n");
	facts_usb(folder, &f);
	cr_assert_eq(f.usb_count, 0);
}

Test(facts, only_the_default_qemu_of_a_known_version_is_safe_to_detach_from)
{
	struct facts f = { .qemu = true,
			   .version = 10000013,
			   .emulator = "/proc/self/exe" };

	cr_assert_null(facts_detach(&f, ""));
	cr_assert_null(facts_detach(&f, "/proc/self/exe"));
	cr_assert_not_null(facts_detach(&f, "/bin/sh"));
	cr_assert_not_null(facts_detach(&f, "/nowhere"));
	f.emulator[0] = '\0';
	cr_assert_not_null(facts_detach(&f, "/bin/sh"));
	f.version = 10000012;
	cr_assert_str_eq(facts_detach(&f, ""), "QEMU 10.0.12");
	f.version = 0;
	cr_assert_not_null(facts_detach(&f, ""));
	f.qemu = false;
	cr_assert_null(facts_detach(&f, "/bin/sh"));
}
