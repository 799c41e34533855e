/*
 * domain_check.h - what is wrong with a domain's random numbers, and how to
 * mend it
 *
 * The XML is looked at, and facts that only the caller can find out are
 * compared with it; what is not known raises no finding.
 */
#ifndef LIBVIRT_XML_DOMAIN_CHECK_H
#define LIBVIRT_XML_DOMAIN_CHECK_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/finding.h"
#include "libvirt-xml/domain_hostdev.h"
#include "libvirt-xml/domain_xml.h"

#define DOMAIN_GIDS_MAX	   32
#define DOMAIN_ONERNGS_MAX 16
#define DOMAIN_USB_MAX	   256

enum domain_socket {
	DOMAIN_SOCKET_UNKNOWN,
	DOMAIN_SOCKET_MISSING, /* nothing there, or no socket */
	DOMAIN_SOCKET_THERE,   /* socket_mode, _uid and _gid are set */
};

enum domain_apparmor {
	DOMAIN_APPARMOR_UNKNOWN, /* or not enforced */
	DOMAIN_APPARMOR_ALLOWS,
	DOMAIN_APPARMOR_LACKS, /* enforced, without a rule for our sockets */
};

/* Whose XML it is; what mends it depends on that. */
enum domain_side {
	DOMAIN_SIDE_CONFIG,    /* what the next start has */
	DOMAIN_SIDE_RUNNING,   /* of a domain that has a configuration, too */
	DOMAIN_SIDE_TRANSIENT, /* of one that has none */
};

/* A OneRNG that a domain has passed through, running or at its next start. */
struct domain_claim {
	const char *uuid;
	const char *name; /* for people */
	bool running;
	struct domain_hostdev usb;
};

/* All zero but run_dir: nothing is known. */
struct domain_facts {
	const char *run_dir; /* of the host agent */
	enum domain_side side;

	enum domain_socket socket; /* domain_xml_socket() */
	mode_t socket_mode;
	uid_t socket_uid;
	gid_t socket_gid;

	bool qemu_known; /* as whom QEMU runs */
	uid_t qemu_uid;
	gid_t qemu_gids[DOMAIN_GIDS_MAX];
	size_t qemu_gid_count;

	enum domain_apparmor apparmor;

	/* The QEMU that may be unsafe to detach from, for people; else NULL. */
	const char *detach_unsafe;

	bool saved; /* its next start goes on from what libvirt saved */

	struct domain_usb onerngs[DOMAIN_ONERNGS_MAX];
	size_t onerng_count;

	/* Whatever is plugged in, OneRNGs too; usb_count 0: not known. */
	struct domain_usb usb[DOMAIN_USB_MAX];
	size_t usb_count;

	/* Of all domains; those of one stand together. */
	const struct domain_claim *claims;
	size_t claim_count;
};

/*
 * In the order of the XML's parts, not by severity.  0, or -ENOMEM and
 * *findings empty.
 */
int domain_check(const struct domain_xml *xml, const struct domain_facts *facts,
		 struct findings *findings);

/*
 * Whether this QEMU can use memory after it was freed when a virtio-rng with a
 * request pending is taken out of a running domain (CVE-2026-50624): fixed in
 * 10.0.13; not in 7.2 as of Debian's deb12u18, nor in 10.2.2.  version is
 * MAJOR * 1000000 + MINOR * 1000 + MICRO, as libvirt has it; one that is not
 * known to be fixed is taken to be unsafe.
 */
bool domain_qemu_detach_unsafe(unsigned long version);

#endif /* LIBVIRT_XML_DOMAIN_CHECK_H */
