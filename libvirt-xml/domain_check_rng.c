/* Each <rng>, and the socket of ours. */
#include "libvirt-xml/domain_finding.h"

#include <string.h>
#include <sys/stat.h>

#define ATTACH "onerngctl domain attach %s --config"
#define EDIT   "virsh edit %s"

static const struct finding_rule no_rng = {
	"no-rng", FINDING_WARNING,
	"the guest has no hardware source: its kernel waits longer for its "
	"first random numbers, and UEFI boots from no network",
	ATTACH
};
static const struct finding_rule no_onerng = {
	"no-onerng", FINDING_NOTE,
	"what the guest gets is not tested, limited or recorded by the host "
	"agent",
	ATTACH
};
static const struct finding_rule random_unplug = {
	"rng-random-unplug", FINDING_ERROR,
	"QEMU aborts, and the guest is gone, when reading the device fails, as "
	"it does once it is unplugged",
	EDIT
};
static const struct finding_rule random_file = {
	"rng-random-file", FINDING_WARNING,
	"a file has the same bytes at every start and for whoever reads it, "
	"and it ends",
	EDIT
};
static const struct finding_rule no_reconnect = {
	"egd-no-reconnect", FINDING_ERROR,
	"QEMU does not start while the socket is not there, and after a "
	"restart of the other end the guest gets nothing until it is started "
	"again",
	EDIT
};
static const struct finding_rule ours_no_reconnect = {
	"egd-no-reconnect", FINDING_ERROR,
	"QEMU does not start while the socket is not there, and after a "
	"restart of the host agent the guest gets nothing until it is started "
	"again",
	ATTACH
};
static const struct finding_rule egd_rate = {
	"egd-rate", FINDING_WARNING,
	"QEMU asks again for a lost request only once, one period after it "
	"asked, and <rate> makes that a second instead of a minute: a guest "
	"may then wait for ever; limits are the host agent's",
	EDIT
};
static const struct finding_rule ours_rate = {
	"egd-rate", FINDING_WARNING,
	"QEMU asks again for a lost request only once, one period after it "
	"asked, and <rate> makes that a second instead of a minute: a guest "
	"may then wait for ever; limits are the host agent's",
	ATTACH " --rate BYTES"
};
static const struct finding_rule egd_clear = {
	"egd-clear", FINDING_WARNING,
	"whoever sees the network between the hosts sees the guest's random "
	"bytes, and may change them",
	EDIT
};
static const struct finding_rule egd_mode = {
	"egd-mode", FINDING_ERROR,
	"the host agent listens on this socket; libvirt would take its place",
	ATTACH
};
static const struct finding_rule other_socket = {
	"egd-other-socket", FINDING_ERROR,
	"the host agent counts what this domain gets as another's, and takes "
	"one peer on a socket",
	ATTACH
};
static const struct finding_rule rng_twice = {
	"rng-twice", FINDING_WARNING,
	"both want the same socket, and the guest uses one of them", ATTACH
};

static bool starts(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

static void check_random(struct domain_checking *c, const xmlNode *rng)
{
	const char *path = domain_node_text(domain_node_child(rng, "backend"));

	if (!path[0] || !strcmp(path, "/dev/urandom") ||
	    !strcmp(path, "/dev/random"))
		return;
	if (starts(path, "/dev/") && !starts(path, "/dev/shm/"))
		domain_finding_add(c, &random_unplug, rng,
				   "QEMU reads %s, a device that can go away",
				   path);
	else
		domain_finding_add(c, &random_file, rng,
				   "QEMU reads %s, a file", path);
}

static bool is_loopback(const char *host)
{
	return host && (starts(host, "127.") || !strcmp(host, "::1") ||
			!strcmp(host, "localhost"));
}

static const xmlNode *source_of(const xmlNode *rng)
{
	return domain_node_child(domain_node_child(rng, "backend"), "source");
}

static void check_egd(struct domain_checking *c, const xmlNode *rng)
{
	const xmlNode *backend = domain_node_child(rng, "backend");
	const xmlNode *source = source_of(rng);
	bool ours = rng == c->our_rng;

	if (domain_node_attr_is(source, "mode", "connect") &&
	    !domain_node_attr_is(backend, "type", "udp") &&
	    !domain_node_attr_is(domain_node_child(source, "reconnect"),
				 "enabled", "yes"))
		domain_finding_add(c, ours ? &ours_no_reconnect : &no_reconnect,
				   rng, "egd without <reconnect>");
	if (domain_node_child(rng, "rate"))
		domain_finding_add(c, ours ? &ours_rate : &egd_rate,
				   domain_node_child(rng, "rate"),
				   "egd with <rate>");
	if (domain_node_attr_is(backend, "type", "tcp") &&
	    !domain_node_attr_is(source, "tls", "yes") &&
	    !is_loopback(domain_node_attr(source, "host")))
		domain_finding_add(c, &egd_clear, rng,
				   "egd over TCP without TLS");
}

static void check_ours(struct domain_checking *c, const xmlNode *rng)
{
	if (rng != c->our_rng)
		return;
	if (!c->ours.connects)
		domain_finding_add(c, &egd_mode, rng, "mode is not 'connect'");
	if (!c->ours.own_path)
		domain_finding_add(c, &other_socket, rng,
				   "the socket is %s, this domain's is %s",
				   c->ours.path, c->search.socket);
	if (c->ours.count > 1)
		domain_finding_add(c, &rng_twice, rng,
				   "%u devices of the host agent",
				   c->ours.count);
}

/* A device can be added to what runs, and that is all. */
static void add_missing(struct domain_checking *c,
			const struct finding_rule *rule, const xmlNode *node,
			const char *what)
{
	struct finding_rule own = *rule;

	if (c->facts->side != DOMAIN_SIDE_CONFIG)
		own.command = DOMAIN_ATTACH_LIVE;
	domain_finding_add(c, &own, node, "%s", what);
}

void domain_check_rngs(struct domain_checking *c)
{
	const xmlNode *devices = domain_node_child(c->xml->root, "devices");
	const xmlNode *rng = domain_node_child(devices, "rng"), *backend;

	if (!rng)
		add_missing(c, &no_rng, devices, "no <rng> at all");
	else if (!c->ours.count)
		add_missing(c, &no_onerng, rng, "no <rng> is the host agent's");
	for (; rng; rng = domain_node_next(rng)) {
		backend = domain_node_child(rng, "backend");
		if (domain_node_attr_is(backend, "model", "random"))
			check_random(c, rng);
		else if (domain_node_attr_is(backend, "model", "egd"))
			check_egd(c, rng);
		check_ours(c, rng);
	}
}

static const struct finding_rule socket_missing = {
	"socket-missing", FINDING_ERROR,
	"the guest waits for random numbers until the host agent listens there",
	"systemctl start onerng-hostd && systemctl reload onerng-hostd; "
	"onerngctl domain show %s"
};
static const struct finding_rule socket_rights = {
	"socket-rights", FINDING_ERROR,
	"QEMU has to write to the socket to connect; the domain does not start, "
	"or starts and gets nothing",
	"usermod -aG libvirt-qemu onerng && "
	"sed -i 's/^#*socket_group=.*/socket_group=libvirt-qemu/' "
	"/etc/onerng/hostd.conf && systemctl restart onerng-hostd; "
	"onerngctl domain check %s"
};
static const struct finding_rule socket_open = {
	"socket-open", FINDING_WARNING,
	"every user of the host can take bytes that are meant for this domain",
	"systemctl restart onerng-hostd; onerngctl domain check %s"
};
static const struct finding_rule apparmor_rule = {
	"apparmor-rule", FINDING_ERROR,
	"libvirt's profiles confine QEMU and have no rule for this socket: it "
	"cannot connect",
	"echo '  /run/onerng/kvm/*.sock rw,' "
	">>/etc/apparmor.d/local/abstractions/libvirt-qemu && "
	"systemctl reload apparmor; onerngctl domain check %s"
};
static const struct finding_rule qemu_detach = {
	"qemu-detach", FINDING_WARNING,
	"QEMU before 10.0.13 uses memory after it was freed when the device is taken out "
	"of the running domain with a request pending (CVE-2026-50624): detach "
	"it in the configuration only, and let the guest shut down",
	"onerngctl domain detach %s --config"
};

static bool qemu_may_write(const struct domain_facts *f)
{
	if (!f->qemu_uid)
		return true;
	if (f->qemu_uid == f->socket_uid)
		return f->socket_mode & S_IWUSR;
	for (size_t i = 0; i < f->qemu_gid_count; i++)
		if (f->qemu_gids[i] == f->socket_gid)
			return f->socket_mode & S_IWGRP;
	return f->socket_mode & S_IWOTH;
}

static void check_rights(struct domain_checking *c)
{
	const struct domain_facts *f = c->facts;

	if (f->qemu_known && !qemu_may_write(f))
		domain_finding_add(c, &socket_rights, NULL,
				   "%s is mode %04o of %u:%u, QEMU is user %u",
				   c->search.socket, f->socket_mode & 07777,
				   f->socket_uid, f->socket_gid, f->qemu_uid);
	if (f->socket_mode & S_IWOTH)
		domain_finding_add(c, &socket_open, NULL, "%s is mode %04o",
				   c->search.socket, f->socket_mode & 07777);
}

void domain_check_socket(struct domain_checking *c)
{
	const struct domain_facts *f = c->facts;

	if (!c->our_rng)
		return;
	if (f->socket == DOMAIN_SOCKET_MISSING)
		domain_finding_add(c, &socket_missing, NULL,
				   "%s is not there, or is no socket",
				   c->search.socket);
	else if (f->socket == DOMAIN_SOCKET_THERE)
		check_rights(c);
	if (f->apparmor == DOMAIN_APPARMOR_LACKS)
		domain_finding_add(c, &apparmor_rule, NULL,
				   "AppArmor does not let QEMU use %s",
				   c->search.socket);
	if (f->detach_unsafe)
		domain_finding_add(
			c, &qemu_detach, NULL,
			"%s is not known to be safe to detach an <rng> "
			"from while the domain runs",
			f->detach_unsafe);
}
