/*
 * domxml.h - the four facts of a domain's XML that the hook passes on
 *
 * A scan of what libvirt itself wrote, in one pass and without allocation, and
 * no more: the host agent decides.  What is not well-formed, or uses what
 * libvirt never writes (a document type, an entity in a path), is not guessed
 * at.
 */
#ifndef HOOKS_DOMXML_H
#define HOOKS_DOMXML_H

#include <stdbool.h>
#include <stddef.h>

#include "hooks/policy.h"

#define DOMXML_UUID_MAX 37  /* terminated */
#define DOMXML_PATH_MAX 108 /* sun_path, terminated */
#define DOMXML_USB_MAX	8   /* devices told of, of what may be more */
#define DOMXML_DEPTH	64 /* elements within each other; deeper: passed over */

/* A USB device handed to the domain; numbers that it does not have are 0. */
struct domxml_usb {
	unsigned int vendor, product, bus, device;
};

struct domxml {
	char uuid[DOMXML_UUID_MAX]; /* lower case; "": none */
	/* of rng devices with the backend egd, connected to a Unix socket */
	size_t sockets;		    /* that are the agent's */
	char path[DOMXML_PATH_MAX]; /* the first one's */
	size_t path_at, path_len;   /* where it stands in the text */
	struct domxml_usb usb[DOMXML_USB_MAX];
	size_t usb_count;
	struct policy policy;
};

/*
 * A socket is the agent's if its path is RUN_DIR/kvm/NAME.sock, or ends as the
 * agent of another host would have it: /kvm/UUID.sock with this domain's UUID.
 * 0, or -EINVAL for what is no domain XML: nothing of out counts.
 */
int domxml_scan(struct domxml *out, const char *xml, size_t len,
		const char *run_dir);

/*
 * Where the agent of this host has the socket.  0 or -EINVAL: no UUID, or
 * longer than an address.
 */
int domxml_socket(char out[static DOMXML_PATH_MAX], const char *run_dir,
		  const char *uuid);

#endif /* HOOKS_DOMXML_H */
