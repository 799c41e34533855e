/*
 * refresh.h - one registered container, as things are at the moment
 *
 * What is generated for it is written again if a number in it changed, and if
 * it runs, its device is put right.  A process of its own does it, because
 * liblxc waits for a container's monitor without a limit.
 */
#ifndef CTL_REFRESH_H
#define CTL_REFRESH_H

#include "ctl/container.h"
#include "ctl/live.h"

#define REFRESH_MS 8000 /* of one container */

struct refresh {
	bool rewritten; /* what is generated */
	bool asked;	/* whether it runs; else result means nothing */
	enum live_result result;
	bool failed;
	char why[LXCAPI_WHY_MAX]; /* "": nothing to say */
};

/* h needs dir, run_dir and api alone. */
void refresh_container(const struct container_host *h, const char *id,
		       struct refresh *out);

#endif /* CTL_REFRESH_H */
