/*
 * domains.h - what libvirt's hook and watcher tell of domains, and what comes
 * of it
 *
 * Each domain is a consumer of the publisher; here is decided which events
 * change what of it.  A domain that is not configured, but whose XML names the
 * socket that it would have, gets that: it goes DOMAINS_GRACE_S after it was
 * released.  What is known outlives this process in a file of run_dir, names
 * and numbers only.
 */
#ifndef HOST_AGENT_DOMAINS_H
#define HOST_AGENT_DOMAINS_H

#include <stdint.h>

#include <jansson.h>

#define DOMAINS_GRACE_S	    600	 /* a domain that restarts keeps its counts */
#define DOMAINS_ARRIVAL_S   10	 /* from restore or migrate to prepare */
#define DOMAINS_GONE_S	    60	 /* without a peer, whose process is gone */
#define DOMAINS_FORGOTTEN_S 3600 /* without any that is known */
/*
 * From prepare to start: libvirt gives the domain its devices, which takes
 * seconds.  If it was killed before that, its device is nobody's.
 */
#define DOMAINS_PREPARE_S 120
#define DOMAINS_SWEEP	  32 /* connections looked at in a second */
#define DOMAINS_FILE_MAX  8388608

struct domains;
struct egd_pub;
struct hostconf;
struct letgo;
struct reconcile_set;

/* All must outlive it.  NULL and errno. */
struct domains *domains_new(struct egd_pub *pub, struct letgo *letgo,
			    const char *run_dir);
void domains_free(struct domains *d); /* NULL is fine */

/* The configuration, for those that it does not name. */
void domains_configure(struct domains *d, const struct hostconf *conf);

/*
 * Goes on with what the last process knew, once what is configured is
 * published.  A file that makes no sense is logged and dropped.
 */
void domains_load(struct domains *d);

/* Something changed: keeps it for the next process. */
void domains_save(void *domains);

/*
 * {"op":OPERATION,"uuid":U,"name":N,"socket":PATH,"usb":[[V,P,B,D],...],
 * "policy":{...}}, the last three if there are any.  OPERATION is one of
 * libvirt's, or "forget": it does not know the domain any more; -EBUSY if that
 * is connected all the same.  A control_stream_fn.
 */
int domains_event(void *domains, int fd, const json_t *request, char *why);

/*
 * What libvirt says at once of some domains or of all, applied where the hook
 * knows nothing newer.  How many it is too early to decide about.
 */
size_t domains_reconcile(struct domains *d, struct reconcile_set *seen);

/* Once a second: sweeps. */
void domains_tick(struct domains *d, uint64_t now_us);

#endif /* HOST_AGENT_DOMAINS_H */
