/*
 * domwatch_line.h - a line that libvirt's watcher says
 *
 *	{"op":"look","whole":B}		what comes is asked of libvirt from now
 *	{"op":"domain","uuid":U,"name":N,"state":"running"|"down"|"undefined",
 *	 "socket":PATH,"policy":{...},	the last three of one that runs, if
 *	 "usb":[[V,P,B,D],...]}		known; one that is gone may have no name
 *	{"op":"end"}			that was all of it
 *	{"op":"alive","libvirt":B}	whether it is connected to libvirt
 */
#ifndef HOST_AGENT_DOMWATCH_LINE_H
#define HOST_AGENT_DOMWATCH_LINE_H

#include <jansson.h>

#include "host-agent/reconcile.h"

#define DOMWATCH_LINE_MAX 4096 /* bytes, newline included */
#define DOMWATCH_WHY_MAX  256

enum domwatch_op {
	DOMWATCH_LOOK,
	DOMWATCH_DOMAIN,
	DOMWATCH_END,
	DOMWATCH_ALIVE,
	DOMWATCH_OTHER, /* of a newer watcher */
};

struct domwatch_line {
	enum domwatch_op op;
	bool flag;		    /* whole, libvirt */
	struct reconcile_seen seen; /* but for ours */
	char socket[CONSUMER_PATH_MAX];
};

/* len bytes without the newline.  0 or -EINVAL with why. */
int domwatch_line_parse(struct domwatch_line *out, const char *text, size_t len,
			char why[static DOMWATCH_WHY_MAX]);

#endif /* HOST_AGENT_DOMWATCH_LINE_H */
