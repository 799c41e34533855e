/*
 * domwatch.h - the connection of libvirt's watcher
 *
 * {"cmd":"domain-watch","uri":URI} on the hook's socket is answered, and the
 * connection stays: lines of domwatch_line.h follow, of which "look" and "end"
 * are answered.  There is one watcher at a time, because it speaks of domains
 * that are not there; it is closed if it says nothing for DOMWATCH_SILENT_S.
 * Nothing waits for it, and without one everything goes on.
 */
#ifndef HOST_AGENT_DOMWATCH_H
#define HOST_AGENT_DOMWATCH_H

#include <jansson.h>

#define DOMWATCH_SILENT_S 60
#define DOMWATCH_URI_MAX  1024

struct domains;
struct domwatch;
struct event_base;

/* Both must outlive it.  run_dir too.  NULL and errno. */
struct domwatch *domwatch_new(struct event_base *base, struct domains *domains,
			      const char *run_dir);
void domwatch_free(struct domwatch *w); /* NULL is fine */

/* The command.  A control_stream_fn. */
int domwatch_start(void *domwatch, int fd, const json_t *request, char *why);

/*
 * {"connected":B}; of one that is connected also pid, uri, since, libvirt (is
 * it connected to that?) and looked: times are seconds since 1970, looked is
 * that of the last look at all domains, or null.
 */
json_t *domwatch_status(const struct domwatch *w);

#endif /* HOST_AGENT_DOMWATCH_H */
