#include "host-agent/hostconf.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define UUID_A "11111111-2222-3333-4444-55555555aaaa"
#define UUID_B "11111111-2222-3333-4444-55555555bbbb"

static char err[INI_WHY_MAX];

static int load(const char *text, struct hostconf **conf)
{
	int fd = memfd_create("hostconf", MFD_CLOEXEC), r;
	char path[64];

	cr_assert(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = hostconf_load(path, conf, err, sizeof(err));
	close(fd);
	return r;
}

static struct hostconf *good(const char *text)
{
	struct hostconf *conf;

	cr_assert_eq(load(text, &conf), 0, "%s", err);
	return conf;
}

static void refused(const char *text, const char *reason)
{
	struct hostconf *conf;

	cr_assert_lt(load(text, &conf), 0, "taken: %s", text);
	cr_assert_null(conf);
	cr_assert(strstr(err, reason), "%s: %s", text, err);
}

Test(hostconf, an_empty_file_gives_the_defaults)
{
	struct hostconf *c = good("");

	cr_assert_str_eq(c->run_dir, "/run/onerng");
	cr_assert_str_eq(c->state_dir, "/var/lib/onerng");
	cr_assert_eq(c->socket_gid, HOSTCONF_GID_NONE);
	cr_assert_eq(c->control_gid, HOSTCONF_GID_NONE);
	cr_assert_eq(c->pool_bytes, 65536);
	cr_assert_eq(c->idle_pause_s, 10);
	cr_assert_eq(c->log_level, LOG_LEVEL_INFO);
	cr_assert_eq(c->sandbox, SANDBOX_ERRNO);
	cr_assert_eq(c->check_peer, QEMU_PEER_CHECK_YES);
	cr_assert_eq(c->h_byte_millibits, 4000);
	cr_assert_eq(c->h_bit_millibits, 800);
	cr_assert(hostconf_port_allowed(c, "1-1"));
	cr_assert(c->host_enabled);
	cr_assert_eq(c->host.limits.rate_bytes, 0);
	cr_assert_eq(c->host.limits.weight, 1);
	cr_assert_eq(c->domains_count, 0);
	hostconf_free(c);
	hostconf_free(NULL);
}

Test(hostconf, every_key_is_taken)
{
	struct hostconf *c = good(
		"[agent]\nrun_dir=/tmp/x\nstate_dir=/y\nsocket_group=root\n"
		"control_group=\npool=4096\nidle_pause=0\n"
		"log_level=debug\nsandbox=kill\ncheck_peer=no\n[source]\nmin_entropy=0.5\n"
		"bit_min_entropy=0.25\nport=1-1.2\n"
		"[consumers]\nrate=1\nburst=2\nweight=3\n"
		"[host]\nenabled=no\nrate=4\nburst=5\n"
		"weight=6\n[domain a]\nuuid=" UUID_A
		"\nrate=7\nburst=8\nweight=1000\n");

	cr_assert_str_eq(c->run_dir, "/tmp/x");
	cr_assert_str_eq(c->state_dir, "/y");
	cr_assert_eq(c->socket_gid, 0);
	cr_assert_eq(c->pool_bytes, 4096);
	cr_assert_eq(c->log_level, LOG_LEVEL_DEBUG);
	cr_assert_eq(c->sandbox, SANDBOX_KILL);
	cr_assert_eq(c->check_peer, QEMU_PEER_CHECK_NO);
	cr_assert_eq(c->h_byte_millibits, 500);
	cr_assert_eq(c->h_bit_millibits, 250);
	cr_assert(!c->host_enabled);
	cr_assert_eq(c->host.limits.burst_bytes, 5);
	cr_assert_eq(c->domains[0].limits.rate_bytes, 7);
	cr_assert_eq(c->domains[0].limits.weight, 1000);
	hostconf_free(c);
}

Test(hostconf, state_dir_is_an_absolute_path_of_at_most_127_bytes)
{
	char text[512], fill[BASELINES_DIR_MAX];

	memset(fill, 'x', sizeof(fill));
	snprintf(text, sizeof(text), "[agent]\nstate_dir=/%.*s\n",
		 BASELINES_DIR_MAX - 2, fill);
	hostconf_free(good(text));
	snprintf(text, sizeof(text), "[agent]\nstate_dir=/%.*s\n",
		 BASELINES_DIR_MAX - 1, fill);
	refused(text, "at most 127 bytes");
	refused("[agent]\nstate_dir=\n", "absolute");
	refused("[agent]\nstate_dir=state\n", "absolute");
}

Test(hostconf, firmware_must_be_the_vendors_unless_told_otherwise)
{
	struct hostconf *c = good("");

	cr_assert_eq(c->firmware.policy, FIRMWARE_REQUIRE);
	cr_assert_str_eq(c->firmware.keyring,
			 ONERNG_SYSCONFDIR "/onerng/firmware-keyring.gpg");
	cr_assert_eq(c->firmware.pins.count, 2);
	cr_assert(pin_allows(&c->firmware.pins, PIN_VENDOR_PRIMARY,
			     PIN_VENDOR_SIGNING));
	hostconf_free(c);
}

Test(hostconf, keys_that_are_named_replace_the_vendors)
{
	static const char a[] = "0123456789ABCDEF0123456789ABCDEF01234567";
	struct hostconf *c =
		good("[source]\nfirmware=warn\nfirmware_keyring=/k\n"
		     "firmware_key=0123456789abcdef0123456789abcdef01234567\n"
		     "firmware_key=00112233445566778899AABBCCDDEEFF00112233\n");

	cr_assert_eq(c->firmware.policy, FIRMWARE_WARN);
	cr_assert_str_eq(c->firmware.keyring, "/k");
	cr_assert_eq(c->firmware.pins.count, 2);
	cr_assert(pin_has_primary(&c->firmware.pins, a));
	cr_assert(!pin_has_primary(&c->firmware.pins, PIN_VENDOR_PRIMARY));
	hostconf_free(c);
}

Test(hostconf, wrong_words_about_firmware_are_refused)
{
	refused("[source]\nfirmware=maybe\n", "require, warn or off");
	refused("[source]\nfirmware_keyring=ring.gpg\n", "absolute path");
	refused("[source]\nfirmware_key=0123\n", "40 hex digits");
	refused("[source]\nfirmware_key=\n", "40 hex digits");
}

Test(hostconf, a_path_set_again_leaves_nothing_of_the_first)
{
	struct hostconf *c = good("[source]\nfirmware_keyring=/long/path\n"
				  "firmware_keyring=/k\n");
	struct hostconf *d = good("[source]\nfirmware_keyring=/k\n");

	cr_assert_eq(memcmp(&c->firmware, &d->firmware, sizeof(c->firmware)),
		     0);
	hostconf_free(c);
	hostconf_free(d);
}

Test(hostconf, defaults_of_consumers_hold_wherever_they_stand)
{
	struct hostconf *c = good("[domain a]\nuuid=" UUID_A "\nrate=9\n"
				  "[consumers]\nrate=1\nburst=2\nweight=3\n");

	cr_assert_eq(c->domains[0].limits.rate_bytes, 9);
	cr_assert_eq(c->domains[0].limits.burst_bytes, 2);
	cr_assert_eq(c->domains[0].limits.weight, 3);
	cr_assert_eq(c->host.limits.rate_bytes, 1);
	hostconf_free(c);
}

Test(hostconf, a_domain_goes_on_where_it_is_named_again)
{
	struct hostconf *c = good("[domain a]\nuuid=" UUID_A "\n[host]\n"
				  "[domain b]\nuuid=" UUID_B
				  "\n[domain a]\nrate=5\n");

	cr_assert_eq(c->domains_count, 2);
	cr_assert_eq(c->domains[0].limits.rate_bytes, 5);
	cr_assert_eq(c->domains[1].limits.rate_bytes, 0);
	hostconf_free(c);
}

Test(hostconf, a_uuid_is_taken_in_any_case_and_kept_lower)
{
	struct hostconf *c =
		good("[domain a]\nuuid=11111111-2222-3333-4444-55555555AAAA\n");

	cr_assert_str_eq(c->domains[0].uuid, UUID_A);
	hostconf_free(c);
	refused("[domain a]\nuuid=" UUID_A "\n[domain b]\n"
		"uuid=11111111-2222-3333-4444-55555555AAAA\n",
		"domain a has this uuid already");
}

Test(hostconf, uuids_of_another_shape_are_refused)
{
	refused("[domain a]\nuuid=\n", "not a UUID");
	refused("[domain a]\nuuid=11111111-2222-3333-4444-55555555aaa\n",
		"not a UUID");
	refused("[domain a]\nuuid=" UUID_A "0\n", "not a UUID");
	refused("[domain a]\nuuid=11111111-2222-3333-44444-5555555aaaa\n",
		"not a UUID");
	refused("[domain a]\nuuid=../../../../../../../../etc/passwd00\n",
		"not a UUID");
	refused("[domain a]\nrate=1\n", "[domain a] has no uuid");
}

Test(hostconf, names_of_domains_are_bounded)
{
	char text[256], name[65];

	memset(name, 'n', sizeof(name));
	snprintf(text, sizeof(text), "[domain %.63s]\nuuid=" UUID_A "\n", name);
	hostconf_free(good(text));
	snprintf(text, sizeof(text), "[domain %.64s]\nuuid=" UUID_A "\n", name);
	refused(text, "1 to 63");
	refused("[domain ]\nuuid=" UUID_A "\n", "1 to 63");
	refused("[domain a b]\nuuid=" UUID_A "\n", "without spaces");
	refused("[domain \xc3\xa4]\nuuid=" UUID_A "\n", "printable");
}

Test(hostconf, numbers_end_at_their_bounds)
{
	hostconf_free(good("[agent]\npool=4096\n"));
	hostconf_free(good("[agent]\npool=16777216\n"));
	refused("[agent]\npool=4032\n", "4096 to 16777216");
	refused("[agent]\npool=16777280\n", "4096 to 16777216");
	refused("[agent]\npool=4097\n", "multiple of 64");
	refused("[agent]\npool=4k\n", ":2: pool: not a number from 4096 ");
	refused("[agent]\nidle_pause=86401\n", "not a number");
	hostconf_free(good("[host]\nrate=1000000000\nburst=1073741824\n"));
	refused("[host]\nrate=1000000001\n", "not a number");
	refused("[host]\nburst=1073741825\n", "not a number");
	refused("[host]\nweight=0\n", "1 to 1000");
	refused("[host]\nweight=1001\n", "1 to 1000");
}

Test(hostconf, min_entropy_goes_in_steps)
{
	static const char *const bad[] = { "0",	  "0.25", "8.5",    "-1",
					   "4,0", "4.",	  ".5",	    "",
					   "nan", "4e0",  "4.0000", "48" };
	struct hostconf *c = good("[source]\nmin_entropy=8\n");
	char text[64];
	size_t i;

	cr_assert_eq(c->h_byte_millibits, 8000);
	hostconf_free(c);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "[source]\nmin_entropy=%s\n",
			 bad[i]);
		refused(text, "0.5 to 8");
	}
	c = good("[source]\nbit_min_entropy=1\n");
	cr_assert_eq(c->h_bit_millibits, 1000);
	hostconf_free(c);
	refused("[source]\nbit_min_entropy=0.85\n", "0.1, 0.25");
}

Test(hostconf, ports_repeat_and_any_forgets_them)
{
	struct hostconf *c = good("[source]\nport=1-1\nport=2-3.4\n");

	cr_assert(hostconf_port_allowed(c, "1-1"));
	cr_assert(hostconf_port_allowed(c, "2-3.4"));
	cr_assert(!hostconf_port_allowed(c, "1-11"));
	hostconf_free(c);
	c = good("[source]\nport=1-1\nport=any\n");
	cr_assert(hostconf_port_allowed(c, "9-9"));
	hostconf_free(c);
	refused("[source]\nport=1\n", "BUS-PORT");
	refused("[source]\nport=1-1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16\n",
		"BUS-PORT");
}

Test(hostconf, seventeen_ports_are_too_many)
{
	char text[512] = "[source]\n";
	int i;

	for (i = 1; i <= HOSTCONF_PORTS_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "port=1-%d\n", i);
	hostconf_free(good(text));
	snprintf(text + strlen(text), sizeof(text) - strlen(text),
		 "port=2-1\n");
	refused(text, "16 ports");
}

Test(hostconf, a_socket_below_the_longest_run_dir_fits_its_address)
{
	char text[256], dir[HOSTCONF_RUN_DIR_MAX + 1] = "/";

	memset(dir + 1, 'd', HOSTCONF_RUN_DIR_MAX - 2);
	cr_assert_leq(strlen(dir) + strlen("/kvm/" UUID_A ".sock"),
		      CONSUMER_PATH_MAX - 1);
	snprintf(text, sizeof(text), "[agent]\nrun_dir=%s\n", dir);
	hostconf_free(good(text));
	snprintf(text, sizeof(text), "[agent]\nrun_dir=%sd\n", dir);
	refused(text, "longer than 61");
	refused("[agent]\nrun_dir=/\n", "absolute");
	refused("[agent]\nrun_dir=\n", "absolute");
}

Test(hostconf, what_is_unknown_is_named_with_its_line)
{
	refused("[agent]\n\nfoo=1\n", ":3: ");
	refused("[agent]\nfoo=1\n", "unknown key 'foo' in [agent]");
	refused("[agents]\n", "unknown section [agents]");
	refused("[domain]\n", "[domain] has no name: [domain NAME]");
	refused("[consumers]\nuuid=" UUID_A "\n", "unknown key");
	refused("[host]\nuuid=" UUID_A "\n", "unknown key");
	refused("[domain a]\nenabled=yes\n",
		"unknown key 'enabled' in [domain a]");
	refused("[host]\nenabled=true\n", "yes or no");
	refused("[agent]\nsocket_group=no-such-group\n", "no such group");
	refused("[agent]\nlog_level=loud\n", "not err");
	refused("[agent]\nsandbox=on\n", "not errno");
	refused("[agent]\ncheck_peer=maybe\n", "not yes");
}

Test(hostconf, a_missing_file_is_an_error)
{
	struct hostconf *c;

	cr_assert_eq(
		hostconf_load("/nonexistent/hostd.conf", &c, err, sizeof(err)),
		-ENOENT);
	cr_assert(strstr(err, "/nonexistent/hostd.conf"));
}

Test(hostconf, drop_ins_replace_values)
{
	char dir[] = "/tmp/hostconf.XXXXXX", path[64], below[64];
	struct hostconf *c;
	FILE *f;

	cr_assert(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a.conf", dir);
	f = fopen(path, "w");
	fputs("[host]\nrate=1\n[domain a]\nuuid=" UUID_A "\n", f);
	fclose(f);
	snprintf(below, sizeof(below), "%s/a.conf.d", dir);
	cr_assert_eq(mkdir(below, 0700), 0);
	snprintf(below, sizeof(below), "%s/a.conf.d/x.conf", dir);
	f = fopen(below, "w");
	fputs("[host]\nrate=2\n[domain a]\nweight=4\n", f);
	fclose(f);
	cr_assert_eq(hostconf_load(path, &c, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(c->host.limits.rate_bytes, 2);
	cr_assert_eq(c->domains[0].limits.weight, 4);
	hostconf_free(c);
	unlink(below);
	*strrchr(below, '/') = '\0';
	rmdir(below);
	unlink(path);
	rmdir(dir);
}

Test(hostconf, classes_and_policies_come_from_the_defaults_or_their_section)
{
	struct hostconf *c = good("[domain a]\nuuid=" UUID_A "\nclass=seed\n"
				  "[consumers]\nclass=drbg\n"
				  "when_absent=kernel\n[domain b]\n"
				  "uuid=" UUID_B "\nwhen_absent=refuse\n"
				  "[host]\nclass=raw\nwhen_absent=hold\n");

	cr_assert_eq(c->domains[0].policy.class, SERVICE_SEED);
	cr_assert_eq(c->domains[0].policy.when_absent, SERVICE_KERNEL);
	cr_assert_eq(c->domains[1].policy.class, SERVICE_DRBG);
	cr_assert_eq(c->domains[1].policy.when_absent, SERVICE_REFUSE);
	cr_assert_eq(c->host.policy.class, SERVICE_RAW);
	cr_assert_eq(c->host.policy.when_absent, SERVICE_HOLD);
	hostconf_free(c);
	c = good("[domain a]\nuuid=" UUID_A "\n");
	cr_assert_eq(c->domains[0].policy.class, SERVICE_RAW);
	cr_assert_eq(c->domains[0].policy.when_absent, SERVICE_HOLD);
	hostconf_free(c);
}

Test(hostconf, unknown_classes_and_policies_are_refused)
{
	refused("[consumers]\nclass=\n", "raw, drbg or seed");
	refused("[consumers]\nclass=rawer\n", "raw, drbg or seed");
	refused("[host]\nclass=DRBG\n", "raw, drbg or seed");
	refused("[host]\nwhen_absent=wait\n", "hold, kernel or refuse");
	refused("[domain a]\nuuid=" UUID_A "\nwhen_absent=\n",
		"hold, kernel or refuse");
}

Test(hostconf, devices_have_labels_by_their_ports)
{
	struct hostconf *c = good("[device left]\nport=1-1\n"
				  "[device right]\nport=1-2.4\n"
				  "[device left]\nport=1-3\n");

	cr_assert_str_eq(hostconf_label(c, "1-3"), "left");
	cr_assert_str_eq(hostconf_label(c, "1-2.4"), "right");
	cr_assert_null(hostconf_label(c, "1-1"));
	cr_assert(hostconf_port_allowed(c, "1-1"), "a label forbids nothing");
	hostconf_free(c);
}

Test(hostconf, labels_that_cannot_be_told_apart_are_refused)
{
	refused("[device a]\nport=1-1\n[device b]\nport=1-1\n",
		":4: port: device a has this port already");
	refused("[device a]\nport=1-1\n[hwrng a]\n", "a device has this label");
	refused("[hwrng a]\n[device a]\n", "the hwrng has this label");
	refused("[device a]\n", "[device a] has no port");
	refused("[device a]\nport=any\n", ":2: port: not BUS-PORT");
	refused("[device]\nport=1-1\n", "[device] has no name");
	refused("[device ]\nport=1-1\n", "");
	refused("[device 1-1]\n", ":1: a label is a letter");
	refused("[device a b]\n", "a label is a letter");
	refused("[device onerng0]\n", "one that the agent gives");
	refused("[device aaaaaaaaaaaaaaaaaaaaaaaa]\n", "1 to 23 characters");
	refused("[device a]\npath=/dev/hwrng\n", "unknown key");
	hostconf_free(good("[device aaaaaaaaaaaaaaaaaaaaaaa]\nport=1-1\n"
			   "[device onerng]\nport=1-2\n"
			   "[device onerng0a]\nport=1-3\n"));
}

Test(hostconf, more_labels_than_devices_are_refused)
{
	char text[1024] = "";
	size_t len = 0;

	for (int i = 1; i <= HOSTCONF_PORTS_MAX + 1; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"[device d%d]\nport=1-%d\n", i, i);
	refused(text, "more than 16 devices");
}

Test(hostconf, a_hwrng_is_used_only_if_it_is_named)
{
	struct hostconf *c = good("");

	cr_assert_str_empty(c->hwrng.label);
	hostconf_free(c);
	c = good("[source]\nmin_entropy=4\n[hwrng tpm]\n");
	cr_assert_str_eq(c->hwrng.label, "tpm");
	cr_assert_str_eq(c->hwrng.path, "/dev/hwrng");
	cr_assert_eq(c->hwrng.h_byte_millibits, 1000);
	cr_assert_eq(c->hwrng.h_bit_millibits, 800);
	hostconf_free(c);
	c = good("[hwrng tpm]\npath=/srv/hwrng\nmin_entropy=2.5\n"
		 "bit_min_entropy=0.5\n[hwrng tpm]\nmin_entropy=3\n");
	cr_assert_str_eq(c->hwrng.path, "/srv/hwrng");
	cr_assert_eq(c->hwrng.h_byte_millibits, 3000);
	cr_assert_eq(c->hwrng.h_bit_millibits, 500);
	cr_assert_eq(c->h_byte_millibits, 4000, "the OneRNGs' stays");
	hostconf_free(c);
}

Test(hostconf, a_hwrng_that_cannot_be_is_refused)
{
	refused("[hwrng]\n", "[hwrng] has no name");
	refused("[hwrng a]\n[hwrng b]\n", ":2: another hwrng");
	refused("[hwrng 1]\n", "a label is a letter");
	refused("[hwrng a]\npath=hwrng\n", ":2: path: not an absolute path");
	refused("[hwrng a]\npath=\n", "not an absolute path");
	refused("[hwrng a]\npath=/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaa\n",
		"at most 63 bytes");
	refused("[hwrng a]\nmin_entropy=0\n", "0.5 to 8");
	refused("[hwrng a]\nbit_min_entropy=2\n", "0.1, 0.25");
	refused("[hwrng a]\nfirmware=off\n", "unknown key");
}

Test(hostconf, a_container_has_a_virtual_device_by_default)
{
	struct hostconf *c = good("[consumers]\nrate=500\nclass=drbg\n"
				  "[container web-1.x_Y]\n");

	cr_assert_eq(c->containers_count, 1);
	cr_assert_str_eq(c->containers[0].consumer.name, "web-1.x_Y");
	cr_assert_eq(c->containers[0].device, CONSUMER_DEVICE_VIRTUAL);
	cr_assert_not(c->containers[0].socket);
	cr_assert_str_eq(c->containers[0].port, "");
	cr_assert_eq(c->containers[0].consumer.limits.rate_bytes, 500);
	cr_assert_eq(c->containers[0].consumer.limits.weight, 1);
	cr_assert_eq(c->containers[0].consumer.policy.class, SERVICE_DRBG);
	hostconf_free(c);
}

Test(hostconf, a_container_takes_every_key)
{
	struct hostconf *c = good("[container a]\ndevice=passthrough\n"
				  "port=1-2.3\nsocket=yes\nrate=1\nburst=2\n"
				  "weight=3\nclass=seed\nwhen_absent=kernel\n"
				  "[container b]\ndevice=plain\n"
				  "[container a]\nsocket=no\nweight=4\n");
	const struct hostconf_container *t = c->containers;

	cr_assert_eq(c->containers_count, 2);
	cr_assert_eq(t[0].device, CONSUMER_DEVICE_PASSTHROUGH);
	cr_assert_str_eq(t[0].port, "1-2.3");
	cr_assert_not(t[0].socket);
	cr_assert_eq(t[0].consumer.limits.rate_bytes, 1);
	cr_assert_eq(t[0].consumer.limits.burst_bytes, 2);
	cr_assert_eq(t[0].consumer.limits.weight, 4);
	cr_assert_eq(t[0].consumer.policy.class, SERVICE_SEED);
	cr_assert_eq(t[0].consumer.policy.when_absent, SERVICE_KERNEL);
	cr_assert_eq(t[1].device, CONSUMER_DEVICE_PLAIN);
	hostconf_free(c);
}

Test(hostconf, a_container_that_makes_no_sense_is_refused)
{
	char text[400] = "[agent]\nrun_dir=/", *p = text + strlen(text);

	refused("[container]\n", "[container] has no name");
	refused("[container ]\n", "container's id");
	refused("[container .a]\n", "container's id");
	refused("[container -a]\n", "container's id");
	refused("[container a/b]\n", "container's id");
	refused("[container a b]\n", "container's id");
	refused("[container a$(id)]\n", "container's id");
	refused("[container aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaa]\n",
		"container's id");
	refused("[container a]\ndevice=ttyACM\n", "not virtual, plain");
	refused("[container a]\nsocket=1\n", "not yes or no");
	refused("[container a]\nport=any\n", "not BUS-PORT");
	refused("[container a]\nuuid=" UUID_A "\n", "unknown key 'uuid'");
	refused("[domain a]\nuuid=" UUID_A "\ndevice=plain\n",
		"unknown key 'device'");
	memset(p, 'r', 60);
	strcpy(p + 60, "\n[container aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n"
		       "socket=yes\n");
	refused(text, "too long for the address");
}
