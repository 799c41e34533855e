#include "libvirt-xml/domain_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#define UUID	"6f0c1d0e-2a3b-4c5d-8e9f-0123456789ab"
#define RUN_DIR "/run/onerng"
#define OURS                                                              \
	"<rng><backend model='egd' type='unix'><source mode='connect' "   \
	"path='" RUN_DIR "/kvm/" UUID ".sock'><reconnect enabled='yes'/>" \
	"</source></backend></rng>"
#define RANDOM(path) "<rng><backend model='random'>" path "</backend></rng>"
#define USB(source)                                            \
	"<hostdev mode='subsystem' type='usb'><source>" source \
	"</source></hostdev>"

static struct findings findings;
static char codes[4096];

static struct domain_xml *parse(const char *machine, const char *devices)
{
	static char text[65536];
	struct domain_error error;
	struct domain_xml *xml;

	snprintf(text, sizeof(text),
		 "<domain><name>web</name><uuid>" UUID "</uuid>"
		 "<os><type machine='%s'>hvm</type></os>\n"
		 "<devices>%s</devices></domain>",
		 machine, devices);
	xml = domain_xml_parse(text, strlen(text), &error);
	cr_assert(xml, "%s", error.text);
	return xml;
}

/* The codes of all findings, with a blank behind each. */
static const char *codes_of(const char *machine, const char *devices,
			    const struct domain_facts *facts)
{
	struct domain_xml *xml = parse(machine, devices);

	findings_clear(&findings);
	cr_assert_eq(domain_check(xml, facts, &findings), 0);
	domain_xml_free(xml);
	codes[0] = '\0';
	for (size_t i = 0; i < findings.count; i++) {
		const struct finding *f = &findings.finding[i];

		strcat(strcat(codes, f->code), " ");
		cr_expect(f->what[0] && f->why[0] && f->command[0]);
		cr_expect_null(strstr(f->command, "%s"), "%s", f->command);
	}
	return codes;
}

static const struct domain_facts nothing = { .run_dir = RUN_DIR };

static void finds(const char *devices, const char *want)
{
	const char *got = codes_of("pc", devices, &nothing);

	cr_expect_str_eq(got, want, "%s: %s, not %s", devices, got, want);
}

static void clean_up(void)
{
	findings_clear(&findings);
}

TestSuite(domain_check, .fini = clean_up);

Test(domain_check, a_domain_of_ours_has_nothing_wrong)
{
	finds(OURS, "");
}

Test(domain_check, a_domain_without_an_rng_is_told_how_to_get_one)
{
	finds("", "no-rng ");
	cr_assert_str_eq(findings.finding[0].command,
			 "onerngctl domain attach web --config");
	cr_assert_eq(findings.finding[0].severity, FINDING_WARNING);
	cr_assert_eq(findings.finding[0].line, 2);
	finds("<rng><backend model='builtin'/></rng>", "no-onerng ");
}

Test(domain_check, a_device_that_can_go_away_and_a_file_are_found)
{
	finds(OURS RANDOM("/dev/urandom") RANDOM("/dev/random") RANDOM(""), "");
	finds(OURS RANDOM("/dev/hwrng"), "rng-random-unplug ");
	finds(OURS RANDOM("/dev/serial/by-id/x"), "rng-random-unplug ");
	finds(OURS RANDOM("/dev/shm/seed"), "rng-random-file ");
	finds(OURS RANDOM("/srv/seed"), "rng-random-file ");
}

#define EGD(type, source, rest)                                      \
	"<rng>" rest "<backend model='egd' type='" type "'><source " \
	"mode='connect' " source "</source></backend></rng>"

Test(domain_check, egd_that_will_not_come_back_is_found)
{
	finds(OURS EGD("unix", "path='/x'>", ""), "egd-no-reconnect ");
	finds(OURS EGD("unix", "path='/x'><reconnect enabled='no'/>", ""),
	      "egd-no-reconnect ");
	finds(OURS EGD("udp", "host='192.0.2.1'>", ""), "");
	finds(OURS EGD("unix", "path='/x'><reconnect enabled='yes'/>",
		       "<rate bytes='1'/>"),
	      "egd-rate ");
}

Test(domain_check, egd_in_the_clear_is_found)
{
#define FAR "<reconnect enabled='yes'/>"
	finds(OURS EGD("tcp", "host='192.0.2.1'>" FAR, ""), "egd-clear ");
	finds(OURS EGD("tcp", "host='192.0.2.1' tls='yes'>" FAR, ""), "");
	finds(OURS EGD("tcp", "host='127.0.0.1'>" FAR, ""), "");
}

Test(domain_check, what_is_wrong_with_ours_is_mended_by_attach)
{
	finds(EGD("unix", "path='" RUN_DIR "/kvm/x.sock'>", "<rate bytes='1'/>")
		      OURS,
	      "egd-no-reconnect egd-rate egd-other-socket rng-twice ");
	for (size_t i = 0; i < findings.count; i++)
		cr_expect(strstr(findings.finding[i].command, "attach web"));
	finds("<rng><backend model='egd' type='unix'><source mode='bind' "
	      "path='" RUN_DIR "/kvm/" UUID ".sock'/></backend></rng>",
	      "egd-mode ");
}

Test(domain_check, the_socket_must_be_there_for_qemu)
{
	struct domain_facts f = nothing;

	f.socket = DOMAIN_SOCKET_MISSING;
	cr_expect_str_eq(codes_of("pc", OURS, &f), "socket-missing ");
	cr_expect_str_eq(codes_of("pc", "", &f), "no-rng ");
	f.socket = DOMAIN_SOCKET_THERE;
	f.socket_mode = 0660;
	f.socket_gid = 107;
	cr_expect_str_eq(codes_of("pc", OURS, &f), "");
	f.qemu_known = true;
	f.qemu_uid = 64055;
	cr_expect_str_eq(codes_of("pc", OURS, &f), "socket-rights ");
	f.qemu_gids[f.qemu_gid_count++] = 64055;
	f.qemu_gids[f.qemu_gid_count++] = 107;
	cr_expect_str_eq(codes_of("pc", OURS, &f), "");
	f.socket_mode = 0640;
	cr_expect_str_eq(codes_of("pc", OURS, &f), "socket-rights ");
	f.socket_uid = 64055;
	cr_expect_str_eq(codes_of("pc", OURS, &f), "");
	f.socket_mode = 0666;
	cr_expect_str_eq(codes_of("pc", OURS, &f), "socket-open ");
	f.socket_mode = 0600;
	f.socket_uid = 0;
	f.qemu_uid = 0;
	cr_expect_str_eq(codes_of("pc", OURS, &f), "");
}

Test(domain_check, the_host_is_looked_at_for_domains_of_ours)
{
	struct domain_facts f = nothing;

	f.apparmor = DOMAIN_APPARMOR_LACKS;
	f.detach_unsafe = "QEMU 7.2.22";
	cr_expect_str_eq(codes_of("pc", OURS, &f),
			 "apparmor-rule qemu-detach ");
	cr_expect_str_eq(codes_of("pc", "", &f), "no-rng ");
	f.apparmor = DOMAIN_APPARMOR_ALLOWS;
	cr_expect_str_eq(codes_of("pc", OURS, &f), "qemu-detach ");
}

Test(domain_check, versions_are_unsafe_until_known_to_be_fixed)
{
	cr_expect(domain_qemu_detach_unsafe(7002022));
	cr_expect(domain_qemu_detach_unsafe(10000012));
	cr_expect_not(domain_qemu_detach_unsafe(10000013));
	cr_expect(domain_qemu_detach_unsafe(10002002));
}

Test(domain_check, a_onerng_that_is_passed_through_is_found)
{
	struct domain_facts f = nothing;

	f.onerngs[f.onerng_count++] = (struct domain_usb){ 1, 4 };
#define BY_NAME USB("<vendor id='0x1d50'/><product id='0x6086'/>")
	cr_expect_str_eq(codes_of("pc", OURS BY_NAME, &f), "usb-collision ");
	cr_expect_str_eq(codes_of("pc", BY_NAME, &f),
			 "no-rng usb-takes-device ");
	cr_expect_str_eq(
		codes_of("pc", OURS USB("<address bus='1' device='4'/>"), &f),
		"usb-collision usb-by-address ");
	cr_expect_str_eq(
		codes_of("pc", OURS USB("<address bus='1' device='5'/>"), &f),
		"");
	cr_expect_str_eq(codes_of("pc",
				  OURS USB("<vendor id='0x1d50'/>"
					   "<product id='0x6087'/>"),
				  &f),
			 "");
}

#define PORT(index)                                                        \
	"<controller type='pci' index='" index "' model='pcie-root-port'>" \
	"<address type='pci' bus='0x00' slot='0x02'/></controller>"
#define ON(bus) "<disk><address type='pci' bus='" bus "' slot='0x00'/></disk>"

Test(domain_check, a_machine_without_a_spare_port_is_found)
{
	const char *q35 = "pc-q35-7.2";

	cr_expect_str_eq(codes_of(q35, "<disk/>", &nothing), "no-rng ");
	cr_expect_str_eq(
		codes_of(q35, PORT("1") PORT("2") ON("0x01"), &nothing),
		"no-rng ");
	cr_expect_str_eq(
		codes_of(q35, PORT("1") PORT("2") ON("0x01") ON("2"), &nothing),
		"no-rng pci-slots ");
	cr_expect_str_eq(codes_of("virt-7.2", PORT("1") ON("0x01"), &nothing),
			 "no-rng pci-slots ");
	cr_expect_str_eq(codes_of(q35, PORT("1") ON("0x01") OURS, &nothing),
			 "");
	cr_expect_str_eq(codes_of("s390-ccw-virtio-7.2", ON("0"), &nothing),
			 "no-rng ");
}

Test(domain_check, a_pc_without_a_spare_slot_is_found)
{
	char devices[8192] = "", one[128];

	for (int slot = 1; slot < 31; slot++) {
		snprintf(one, sizeof(one),
			 "<disk><address type='pci' bus='0' slot='%d'/></disk>",
			 slot);
		strcat(devices, one);
	}
	cr_expect_str_eq(codes_of("pc", devices, &nothing), "no-rng ");
	strcat(devices, "<disk><address type='pci' slot='0x1f'/></disk>");
	cr_expect_str_eq(codes_of("pc", devices, &nothing),
			 "no-rng pci-slots ");
	strcat(devices,
	       "<controller type='pci' index='1' model='pci-bridge'/>");
	cr_expect_str_eq(codes_of("pc-i440fx-8.0", devices, &nothing),
			 "no-rng ");
}

Test(domain_check, old_machine_types_are_found)
{
	static const char *const old[] = {
		"pc-1.0",   "pc-i440fx-2.1",	   "pc-q35-4.2",
		"virt-3.1", "pc-i440fx-rhel7.6.0", "rhel6.6.0"
	};
	static const char *const new[] = { "pc",
					   "q35",
					   "pc-q35-5.0",
					   "virt-10.0",
					   "microvm",
					   "pc-i440fx-focal",
					   "s390-ccw-virtio" };

	for (size_t i = 0; i < sizeof(old) / sizeof(old[0]) - 1; i++)
		cr_expect_str_eq(codes_of(old[i], OURS, &nothing),
				 "machine-old ", "%s", old[i]);
	for (size_t i = 0; i < sizeof(new) / sizeof(new[0]); i++)
		cr_expect_str_eq(codes_of(new[i], OURS, &nothing), "", "%s",
				 new[i]);
}

Test(domain_check, a_policy_that_is_not_understood_has_its_line)
{
	const char *text = "<domain><name>a b;c</name><uuid>" UUID "</uuid>\n"
			   "<metadata><p:policy class='x' xmlns:p='"
			   "urn:onerng-virt:policy:1'/></metadata>"
			   "<devices>" OURS "</devices></domain>";
	struct domain_error error;
	struct domain_xml *xml = domain_xml_parse(text, strlen(text), &error);

	cr_assert(xml);
	cr_assert_eq(domain_check(xml, &nothing, &findings), 0);
	cr_assert_eq(findings.count, 1);
	cr_assert_str_eq(findings.finding[0].code, "policy-malformed");
	cr_assert_eq(findings.finding[0].severity, FINDING_WARNING);
	cr_assert(strstr(findings.finding[0].what, "; followed: nothing"));
	cr_assert_eq(findings.finding[0].line, 2);
	/* A name that a shell would take apart is not in a command. */
	cr_assert(strstr(findings.finding[0].command, "edit " UUID));
	domain_xml_free(xml);
}

/* The code of the only finding of one of ours with that beside its devices. */
static const char *beside(const char *elements)
{
	static char text[4096];
	struct domain_error error;
	struct domain_xml *xml;

	snprintf(text, sizeof(text),
		 "<domain><uuid>" UUID "</uuid>%s<devices>" OURS
		 "</devices></domain>",
		 elements);
	xml = domain_xml_parse(text, strlen(text), &error);
	cr_assert(xml, "%s", error.text);
	findings_clear(&findings);
	cr_assert_eq(domain_check(xml, &nothing, &findings), 0);
	domain_xml_free(xml);
	cr_assert_leq(findings.count, 1);
	return findings.count ? findings.finding[0].code : "";
}

#define POLICY(words)                                                       \
	"<metadata><p:policy xmlns:p='urn:onerng-virt:policy:1' " words " " \
	"/></metadata>"

Test(domain_check, what_is_followed_of_a_policy_is_said)
{
	cr_expect_str_eq(beside(POLICY("rate='64' class='x' weight='3'")),
			 "policy-malformed");
	cr_expect_eq(findings.finding[0].severity, FINDING_WARNING);
	cr_expect(strstr(findings.finding[0].what, "class='x'"));
	cr_expect(strstr(findings.finding[0].what,
			 "; followed: rate 64, weight 3"));
	cr_expect_str_eq(
		beside("<metadata><p:policy xmlns:p='urn:onerng-virt:policy:1' "
		       "class='drbg'>text</p:policy></metadata>"),
		"policy-malformed");
	cr_expect_eq(findings.finding[0].severity, FINDING_ERROR);
	cr_expect(strstr(findings.finding[0].what, "; followed: nothing"));
	cr_expect_str_eq(beside(POLICY("class='drbg'")), "");
}

Test(domain_check, more_findings_than_there_is_room_for_are_left_out)
{
	char *devices = malloc(65536);

	cr_assert(devices);
	strcpy(devices, OURS);
	for (int i = 0; i < 100; i++)
		strcat(devices, RANDOM("/dev/hwrng"));
	codes_of("pc", devices, &nothing);
	cr_assert_eq(findings.count, FINDINGS_MAX);
	free(devices);
}

Test(domain_check, json_says_the_same)
{
	json_t *list, *one;

	finds(RANDOM("/dev/hwrng"), "no-onerng rng-random-unplug ");
	list = findings_json(&findings);
	cr_assert_eq(json_array_size(list), 2);
	one = json_array_get(list, 1);
	cr_assert_str_eq(json_string_value(json_object_get(one, "severity")),
			 "error");
	cr_assert_eq(json_integer_value(json_object_get(one, "line")), 2);
	cr_assert(json_string_value(json_object_get(one, "command")));
	json_decref(list);
}

Test(domain_check, a_clock_that_stands_while_it_is_saved_is_found)
{
	static const char timer[] = "<clock><timer name='pit'/><timer "
				    "name='rtc' track='%s'/></clock>%s";
	char clock[256];

	snprintf(clock, sizeof(clock), timer, "guest", "");
	cr_expect_str_eq(beside(clock), "rtc-track-guest");
	snprintf(clock, sizeof(clock), timer, "guest", "<genid/>");
	cr_expect_str_eq(beside(clock), "");
	snprintf(clock, sizeof(clock), timer, "wall", "");
	cr_expect_str_eq(beside(clock), "");
}

Test(domain_check, a_pc_that_hides_a_clone_from_its_guest_is_noted)
{
#define ACPI	    "<features><acpi/></features>"
#define OS(machine) "<os><type machine='" machine "'>hvm</type></os>"
	static const char *const cannot[] = {
		ACPI OS("virt-7.2"),
		ACPI OS("s390-ccw-virtio"),
		ACPI OS("microvm"),
		OS("pc-q35-7.2"),
		ACPI OS("pc-q35-7.2") "<genid/>",
	};

	cr_expect_str_eq(beside(ACPI OS("pc-q35-7.2")), "no-genid");
	cr_expect_eq(findings.finding[0].severity, FINDING_NOTE);
	cr_expect_str_eq(beside(ACPI OS("pc")), "no-genid");
	cr_expect_str_eq(beside(ACPI OS("pc-i440fx-2.1")), "machine-old");
	for (size_t i = 0; i < sizeof(cannot) / sizeof(cannot[0]); i++)
		cr_expect_str_eq(beside(cannot[i]), "", "%s", cannot[i]);
}

static const char *command_on(enum domain_side side, const char *devices)
{
	struct domain_facts f = nothing;

	f.side = side;
	codes_of("pc", devices, &f);
	cr_assert_eq(findings.count, 1);
	return findings.finding[0].command;
}

Test(domain_check, what_runs_is_mended_otherwise_than_its_configuration)
{
	static const char hwrng[] = OURS RANDOM("/dev/hwrng");

	cr_expect_str_eq(command_on(DOMAIN_SIDE_RUNNING, ""),
			 "onerngctl domain attach web --live");
	cr_expect_str_eq(command_on(DOMAIN_SIDE_TRANSIENT, ""),
			 "onerngctl domain attach web --live");
	cr_expect_str_eq(command_on(DOMAIN_SIDE_CONFIG, hwrng),
			 "virsh edit web");
	cr_expect_str_eq(command_on(DOMAIN_SIDE_RUNNING, hwrng),
			 "virsh shutdown web # and once it is down: "
			 "virsh start web");
	cr_expect(strstr(command_on(DOMAIN_SIDE_TRANSIENT, hwrng),
			 "virsh create web.xml"));
}

#define OTHER "11111111-2222-3333-4444-555555555555"
#define THIRD "22222222-2222-3333-4444-555555555555"

static const char *with_claims(const struct domain_claim *claims, size_t count,
			       size_t plugged, const char *devices)
{
	struct domain_facts f = nothing;

	f.claims = claims;
	f.claim_count = count;
	for (; f.onerng_count < plugged; f.onerng_count++)
		f.onerngs[f.onerng_count] =
			(struct domain_usb){ 1, 4 + (unsigned)f.onerng_count };
	return codes_of("pc", devices, &f);
}

Test(domain_check, a_onerng_that_two_domains_want_is_found)
{
	const struct domain_hostdev any = { 0x1d50, 0x6086, 0, 0 };
	const struct domain_hostdev at_4 = { 0, 0, 1, 4 };
	const struct domain_hostdev at_5 = { 0, 0, 1, 5 };
	struct domain_claim claims[] = {
		{ UUID, "web", true, any },	{ UUID, "web", false, any },
		{ OTHER, "mail", false, at_4 }, { OTHER, "mail", false, at_5 },
		{ THIRD, "db", true, at_4 },
	};
#define AT(device) USB("<address bus='1' device='" #device "'/>")

	cr_expect_str_eq(with_claims(claims, 2, 1, BY_NAME),
			 "no-rng usb-takes-device ",
			 "it is no rival of itself");
	cr_expect_str_eq(with_claims(claims, 5, 1, BY_NAME),
			 "no-rng usb-takes-device usb-shared ");
	cr_expect_str_eq(findings.finding[2].what,
			 "the OneRNG may be the one passed through to "
			 "db (runs) and 1 more");
	cr_expect_str_eq(with_claims(claims, 4, 2, AT(4)),
			 "no-rng usb-takes-device usb-by-address usb-shared ");
	cr_expect_str_eq(findings.finding[3].what,
			 "the OneRNG may be the one passed through to mail");
	cr_expect_str_eq(with_claims(claims + 4, 1, 2, AT(5)),
			 "no-rng usb-takes-device usb-by-address ");
	cr_expect_str_eq(with_claims(claims, 2, 2, BY_NAME),
			 "no-rng usb-takes-device usb-ambiguous ");
	cr_expect_str_eq(
		with_claims(claims, 5, 1, USB("<vendor id='0x1d50'/>")),
		"no-rng ", "another device of the same vendor");
}

#define BOTH(device)                                      \
	USB("<vendor id='0x1d50'/><product id='0x6086'/>" \
	    "<address bus='1' device='" #device "'/>")

/* The finding about an address of these devices; NULL. */
static const struct finding *address(const struct domain_facts *f,
				     const char *devices)
{
	codes_of("pc", devices, f);
	for (size_t i = 0; i < findings.count; i++)
		if (strstr(findings.finding[i].code, "address"))
			return &findings.finding[i];
	return NULL;
}

static bool is(const struct finding *f, const char *code,
	       enum finding_severity severity, const char *why)
{
	return f && !strcmp(f->code, code) && f->severity == severity &&
	       strstr(f->why, why);
}

Test(domain_check, a_onerng_by_its_address_is_found)
{
	struct domain_facts f = nothing;

	f.onerngs[f.onerng_count++] = (struct domain_usb){ 1, 4 };
	f.usb[f.usb_count++] = (struct domain_usb){ 1, 4 };
	f.usb[f.usb_count++] = (struct domain_usb){ 1, 7 };
	cr_expect(is(address(&f, AT(4)), "usb-by-address", FINDING_WARNING,
		     "put <vendor id='0x1d50'/>"));
	cr_expect_str_eq(findings.finding[2].what,
			 "a OneRNG by its address, bus 1 device 4");
	cr_expect_str_eq(findings.finding[2].command, "virsh edit web");
	cr_expect(is(address(&f, BOTH(4)), "usb-by-address", FINDING_WARNING,
		     "optional"));
	cr_expect_null(address(&f, BY_NAME),
		       "it stands for whichever there is");
	cr_expect_null(address(&f, AT(7)), "that is another device");
}

Test(domain_check, an_address_that_no_onerng_has_is_found)
{
	struct domain_facts f = nothing;

	cr_expect_null(address(&f, AT(5)), "what is plugged in is not known");
	f.onerngs[f.onerng_count++] = (struct domain_usb){ 1, 4 };
	f.usb[f.usb_count++] = (struct domain_usb){ 1, 4 };
	f.usb[f.usb_count++] = (struct domain_usb){ 1, 7 };
	cr_expect(is(address(&f, BOTH(5)), "usb-address-stale", FINDING_ERROR,
		     "does not start"));
	cr_expect(is(address(&f, BOTH(7)), "usb-address-stale", FINDING_ERROR,
		     "in place of"));
	cr_expect(is(address(&f, AT(5)), "usb-address-stale", FINDING_NOTE,
		     "if a OneRNG was meant"));
}

Test(domain_check, of_two_onerngs_an_address_is_the_only_name)
{
	struct domain_facts f = nothing;

	f.onerngs[f.onerng_count++] = (struct domain_usb){ 1, 4 };
	f.onerngs[f.onerng_count++] = (struct domain_usb){ 1, 6 };
	memcpy(f.usb, f.onerngs, sizeof(f.onerngs));
	f.usb_count = 2;
	cr_expect(is(address(&f, AT(6)), "usb-by-address", FINDING_WARNING,
		     "lsusb"));
	cr_expect(is(address(&f, BOTH(5)), "usb-address-stale", FINDING_ERROR,
		     "lsusb"));
}

Test(domain_check, the_address_that_libvirt_found_for_what_runs_is_none)
{
	struct domain_facts f = nothing;

	f.side = DOMAIN_SIDE_RUNNING;
	f.onerngs[f.onerng_count++] = (struct domain_usb){ 1, 4 };
	cr_expect_null(address(&f, BOTH(4)));
	f.side = DOMAIN_SIDE_TRANSIENT;
	cr_expect_null(address(&f, BOTH(4)));
	cr_expect(is(address(&f, AT(4)), "usb-by-address", FINDING_WARNING,
		     "replug"));
}

Test(domain_check, a_saved_state_is_told)
{
	struct domain_facts f = nothing;

	f.saved = true;
	cr_expect_str_eq(codes_of("pc", OURS, &f), "managed-save ");
	cr_expect_eq(findings.finding[0].severity, FINDING_NOTE);
}
