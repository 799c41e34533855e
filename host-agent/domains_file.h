/*
 * domains_file.h - what is known of domains, as JSON, and back
 */
#ifndef HOST_AGENT_DOMAINS_FILE_H
#define HOST_AGENT_DOMAINS_FILE_H

#include <jansson.h>

#include "host-agent/consumer.h"

struct letgo_entry;

json_t *domains_file_domain(const struct consumer *c);
/* 0, or -EINVAL: it makes no sense.  Fills uuid, name and domain. */
int domains_file_take_domain(struct consumer *out, const json_t *o);

json_t *domains_file_device(const struct letgo_entry *e);
int domains_file_take_device(struct letgo_entry *out, const json_t *o);

/* Lower case, or -EINVAL. */
int domains_file_uuid(char *out, const char *uuid);

/*
 * As a name of the configuration: printable, no spaces, cut to fit.  -EINVAL:
 * there is none.
 */
int domains_file_name(char out[static CONSUMER_NAME_MAX], const char *name);

/* The file is replaced whole, or -errno; o NULL: removed. */
int domains_file_write(const char *run_dir, const json_t *o);
/* NULL: there is none, or it makes no sense (logged). */
json_t *domains_file_read(const char *run_dir);

#endif /* HOST_AGENT_DOMAINS_FILE_H */
