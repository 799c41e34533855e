/*
 * hostconf_priv.h - the steps of reading a configuration
 */
#ifndef HOST_AGENT_HOSTCONF_PRIV_H
#define HOST_AGENT_HOSTCONF_PRIV_H

#include "host-agent/hostconf_files.h"

/* Everything as it is without a file; NULL: no memory. */
struct hostconf *hostconf_new(void);

/* One file on top.  0, or -errno with err: half of it may be there. */
int hostconf_read(struct hostconf *c, const char *path, char *err,
		  size_t err_size);

/* The same of a drop-in's text. */
int hostconf_read_text(struct hostconf *c, const struct hostconf_file *f,
		       char *err, size_t err_size);

/*
 * When all is read: what only the whole shows, and defaults.  0, or -errno with
 * err, which names path.
 */
int hostconf_finish(struct hostconf *c, const char *path, char *err,
		    size_t err_size);

#endif /* HOST_AGENT_HOSTCONF_PRIV_H */
